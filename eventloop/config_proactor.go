package eventloop

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/tidemill-go/tidemill/eventloop/proactor"
	"github.com/tidemill-go/tidemill/platform"
)

// ProactorConfig says how to make a proactor loop. Its zero value works.
type ProactorConfig struct {
	// Proactor is the mechanism: its name ("io_uring", "iocp") or a proactor.Proactor that
	// nobody has used yet, which then belongs to the loop and is closed with it.
	// Nil and "" mean the system's own.
	Proactor any

	// Buffers is how many receives the loop can hold before their protocols have
	// seen them, each of 64 KiB of address space, which costs memory when it is
	// used. When there are none left, connections take turns. Zero or negative
	// means proactor.DefaultBuffers. It is for mechanisms that are given by name.
	Buffers int

	// Clock is as in SelectorConfig: one of your own needs a Proactor that waits by
	// it, as eventloop/looptest has it.
	Clock Clock

	// Debug, SlowCallback, Linger and Logger are as in SelectorConfig.
	Debug        bool
	SlowCallback time.Duration
	Linger       time.Duration
	Logger       *slog.Logger
}

// NewProactorLoop makes a loop that submits operations and waits for them to
// complete: over an I/O completion port on Windows, where it is the default, and
// io_uring on Linux, from 5.11 on. Such a loop owns a thread from here to Close.
// io_uring is faster than a selector loop on many connections and slower on one;
// see package proactor.
//
// Where the platform table has none, or the running kernel forbids it (a seccomp
// filter as most containers have, the sysctl kernel.io_uring_disabled), it
// returns an *platform.UnsupportedError with the reason and the alternative; the
// other errors are the system's. A nil config means the zero value. The loop is
// to be closed.
func NewProactorLoop(c *ProactorConfig) (*Loop, error) {
	if err := platform.For(platform.Target{}).Check(platform.NewProactorLoop); err != nil {
		return nil, err
	}
	var cfg ProactorConfig
	if c != nil {
		cfg = *c
	}
	p, err := cfg.mechanism()
	if err != nil {
		return nil, err
	}
	l := newLoop(p.Name(), cfg.common())
	l.thread = newOwnThread()
	return l.drivenBy(newCompletionDriver(l, p)), nil
}

func (c *ProactorConfig) mechanism() (proactor.Proactor, error) {
	opts := &proactor.Options{Buffers: c.Buffers}
	switch p := c.Proactor.(type) {
	case nil:
		return proactor.New("", opts)
	case string:
		return proactor.New(p, opts)
	case proactor.Proactor:
		return p, nil
	}
	return nil, fmt.Errorf("ProactorConfig.Proactor is a %T, neither a name nor a proactor.Proactor", c.Proactor)
}

// common is what both kinds of loop are made of.
func (c *ProactorConfig) common() SelectorConfig {
	s := &SelectorConfig{
		Clock: c.Clock, Debug: c.Debug, SlowCallback: c.SlowCallback, Linger: c.Linger, Logger: c.Logger,
	}
	return s.withDefaults()
}
