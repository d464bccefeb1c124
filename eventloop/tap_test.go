package eventloop_test

import (
	"slices"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/proactor"
	"github.com/tidemill-go/tidemill/eventloop/selector"
)

// waiting is the shape of a Wait without what it returns.
type waiting func(until time.Time, park func() bool) error

// tap is a mechanism of either family, whose waits a spec looks into. It stands
// in the place of a Selector in a configuration.
type tap struct {
	around func(until time.Time, park func() bool, wait waiting) error
	sel    selector.Selector
	pro    proactor.Proactor

	refusal syscall.Errno // what a selector says to descriptors from now on
}

// newTap makes the mechanism of a kind.
func newTap(kind string) *tap {
	GinkgoHelper()
	t, err := &tap{}, error(nil)
	if isProactor(kind) {
		t.pro, err = proactor.New(kind, nil)
	} else {
		t.sel, err = newSelector(kind)
	}
	Expect(err).NotTo(HaveOccurred())
	return t
}

func isProactor(kind string) bool {
	return slices.ContainsFunc(proactor.Mechanisms(), func(m proactor.Mechanism) bool { return m.Name == kind })
}

// loop makes a loop over the mechanism, which then belongs to it.
func (t *tap) loop(cfg eventloop.SelectorConfig) (*eventloop.Loop, error) {
	if t.pro != nil {
		return eventloop.NewProactorLoop(&eventloop.ProactorConfig{
			Proactor: &tappedProactor{t.pro, t}, Clock: cfg.Clock,
			Debug: cfg.Debug, SlowCallback: cfg.SlowCallback, Linger: cfg.Linger, Logger: cfg.Logger,
		})
	}
	cfg.Selector = &tappedSelector{t.sel, t}
	return eventloop.NewSelectorLoop(&cfg)
}

// wait is a plain one for the spec itself.
func (t *tap) wait() (err error) {
	if t.pro != nil {
		_, err = t.pro.Wait(time.Time{}, nil)
	} else {
		_, err = t.sel.Wait(time.Time{}, nil)
	}
	return err
}

func (t *tap) through(until time.Time, park func() bool, wait waiting) error {
	if t.around == nil {
		return wait(until, park)
	}
	return t.around(until, park, wait)
}

type tappedSelector struct {
	selector.Selector
	tap *tap
}

func (s *tappedSelector) Wait(until time.Time, park func() bool) (events []selector.Event, err error) {
	err = s.tap.through(until, park, func(until time.Time, park func() bool) (err error) {
		events, err = s.Selector.Wait(until, park)
		return err
	})
	return events, err
}

func (s *tappedSelector) Add(fd int, tag uint64, in selector.Interest) error {
	if s.tap.refusal != 0 {
		return s.tap.refusal
	}
	return s.Selector.Add(fd, tag, in)
}

type tappedProactor struct {
	proactor.Proactor
	tap *tap
}

// Unwrap is for proactor.As.
func (p *tappedProactor) Unwrap() proactor.Proactor { return p.Proactor }

func (p *tappedProactor) Wait(until time.Time, park func() bool) (done []proactor.Completion, err error) {
	err = p.tap.through(until, park, func(until time.Time, park func() bool) (err error) {
		done, err = p.Proactor.Wait(until, park)
		return err
	})
	return done, err
}
