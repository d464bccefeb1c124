package eventloop

import (
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/tidemill-go/tidemill/eventloop/selector"
)

const (
	// DefaultSlowCallback is from when on debug mode warns about a callback.
	DefaultSlowCallback = 100 * time.Millisecond

	// DefaultLinger is how long the end of Run waits for transports to drain.
	DefaultLinger = 5 * time.Second

	// debugVariable switches debug mode on when it is not empty and not "0".
	debugVariable = "TIDEMILL_DEBUG"
)

// SelectorConfig says how to make a selector loop. Its zero value works.
type SelectorConfig struct {
	// Selector is the mechanism: its name ("epoll", "poll", "select", "kqueue")
	// or a selector.Selector, which then belongs to the loop and is closed with
	// it. Nil and "" mean the system's best one.
	Selector any

	// Clock is the loop's clock. Nil means the system's monotonic one.
	Clock Clock

	// Debug switches debug mode on from the start, as the environment variable
	// TIDEMILL_DEBUG=1 does; see Loop.SetDebug.
	Debug bool

	// SlowCallback is how long a callback may take before debug mode warns. Zero
	// means DefaultSlowCallback; negative means never.
	SlowCallback time.Duration

	// Spin is how many more times the loop looks for events before it goes to
	// sleep: on one connection 200 bring nearly three times the messages, for a
	// busy core. Zero or negative means none.
	Spin int

	// Linger is how long the end of Run waits for transports to send what they
	// hold. Zero means DefaultLinger; negative means no time at all.
	Linger time.Duration

	// Logger gets warnings and what no exception handler takes. Nil means
	// slog.Default() at the time of logging.
	Logger *slog.Logger
}

func (c *SelectorConfig) withDefaults() SelectorConfig {
	var cfg SelectorConfig
	if c != nil {
		cfg = *c
	}
	if cfg.Clock == nil {
		cfg.Clock = newSystemClock()
	}
	if cfg.SlowCallback == 0 {
		cfg.SlowCallback = DefaultSlowCallback
	}
	if cfg.Linger == 0 {
		cfg.Linger = DefaultLinger
	}
	if v := os.Getenv(debugVariable); v != "" && v != "0" {
		cfg.Debug = true
	}
	return cfg
}

// NewSelectorLoop makes a loop that waits for descriptors to become ready. It
// returns an *platform.UnsupportedError for a mechanism that this system does
// not have, and the system's error if it can not be set up. A nil config means
// the zero value. The loop is to be closed.
func NewSelectorLoop(c *SelectorConfig) (*Loop, error) {
	cfg := c.withDefaults()
	sel, err := cfg.mechanism()
	if err != nil {
		return nil, err
	}
	l := newLoop(sel.Name(), cfg)
	return l.drivenBy(newReadinessDriver(l, spinning(sel, cfg.Spin))), nil
}

func (c *SelectorConfig) mechanism() (selector.Selector, error) {
	switch s := c.Selector.(type) {
	case nil:
		return selector.New("")
	case string:
		return selector.New(s)
	case selector.Selector:
		return s, nil
	}
	return nil, fmt.Errorf("SelectorConfig.Selector is a %T, neither a name nor a selector.Selector", c.Selector)
}
