package trace

import (
	"context"
	"log/slog"
)

// logEvents is a slog.Handler that traces that something was logged, and at
// which level; what was said is nobody's contract.
type logEvents struct{ tracer *Tracer }

var _ slog.Handler = logEvents{}

func (h logEvents) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn
}

func (h logEvents) Handle(_ context.Context, r slog.Record) error {
	level := "warning"
	if r.Level >= slog.LevelError {
		level = "error"
	}
	h.tracer.Emit("log", Fields{"level": level})
	return nil
}

func (h logEvents) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h logEvents) WithGroup(string) slog.Handler      { return h }
