package looptest

import (
	"slices"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/proactor"
	"github.com/tidemill-go/tidemill/eventloop/selector"
	"github.com/tidemill-go/tidemill/platform"
)

// Kinds returns the kinds of loop that this process can make, selectors first,
// the best one at the head: what specs that every kind must pass run on. Where a
// container forbids io_uring it is not among them.
func Kinds() (names []string) {
	for _, m := range selector.Mechanisms() {
		names = append(names, m.Name)
	}
	if platform.For(platform.Target{}).Check(platform.NewProactorLoop) == nil {
		for _, m := range proactor.Mechanisms() {
			names = append(names, m.Name)
		}
	}
	return names
}

// OfKind makes a loop of a kind, one of Kinds or "" for the best, with the
// system's clock unless c has another: NewSelectorLoop or NewProactorLoop,
// whichever it takes. c.Selector is not used, and c.Spin is for selectors only.
func OfKind(kind string, c eventloop.SelectorConfig) (*eventloop.Loop, error) {
	if !isProactor(kind) {
		c.Selector = kind
		return eventloop.NewSelectorLoop(&c)
	}
	return eventloop.NewProactorLoop(proactorConfig(kind, c))
}

func isProactor(kind string) bool {
	return slices.ContainsFunc(proactor.Mechanisms(), func(m proactor.Mechanism) bool { return m.Name == kind })
}

func proactorConfig(p any, c eventloop.SelectorConfig) *eventloop.ProactorConfig {
	return &eventloop.ProactorConfig{
		Proactor: p, Clock: c.Clock, Debug: c.Debug, SlowCallback: c.SlowCallback, Linger: c.Linger, Logger: c.Logger,
	}
}
