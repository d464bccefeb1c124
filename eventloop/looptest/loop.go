package looptest

import (
	"errors"
	"io"
	"time"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/proactor"
	"github.com/tidemill-go/tidemill/eventloop/selector"
)

// Options say how to make a loop under test. The zero value works.
type Options struct {
	// Start is what the clock shows at first. The zero time means the first of
	// January 2000, UTC.
	Start time.Time

	// Resolution is the clock's tick; see NewClock.
	Resolution time.Duration

	// AutoJump makes the clock jump to the next timer when nothing else has
	// happened for this long by the system's clock. A millisecond is enough for
	// a program that lives on the loop; one with work in the executor or on
	// other goroutines needs as long as that work may keep silent. Zero or
	// negative means that only Advance moves the clock.
	AutoJump time.Duration

	// Config is how the loop is made otherwise. Its Selector and Clock must be
	// nil: they are what this package supplies.
	Config eventloop.SelectorConfig
}

var errTaken = errors.New("looptest: Options.Config brings a Selector or a Clock of its own")

// New makes a loop of a kind, one of Kinds or "" for the best,
// and the clock that it goes by. Nil options mean the zero value. The loop is
// the caller's to Close. The errors are those of
// eventloop.NewSelectorLoop and NewProactorLoop.
func New(kind string, opts *Options) (*eventloop.Loop, *Clock, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	if o.Config.Selector != nil || o.Config.Clock != nil {
		return nil, nil, errTaken
	}
	if o.Start.IsZero() {
		o.Start = time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC)
	}
	clock := NewClock(o.Start, o.Resolution)
	o.Config.Clock = clock
	l, err := o.make(kind, clock)
	if err != nil {
		return nil, nil, err
	}
	return l, clock, nil
}

func (o *Options) make(kind string, clock *Clock) (*eventloop.Loop, error) {
	if isProactor(kind) {
		inner, err := proactor.New(kind, nil)
		if err != nil {
			return nil, err
		}
		return madeOr(inner)(eventloop.NewProactorLoop(proactorConfig(WrapProactor(inner, clock, o.AutoJump), o.Config)))
	}
	inner, err := selector.New(kind)
	if err != nil {
		return nil, err
	}
	o.Config.Selector = Wrap(inner, clock, o.AutoJump)
	return madeOr(inner)(eventloop.NewSelectorLoop(&o.Config))
}

// madeOr closes what a loop that could not be made does not own.
func madeOr(inner io.Closer) func(*eventloop.Loop, error) (*eventloop.Loop, error) {
	return func(l *eventloop.Loop, err error) (*eventloop.Loop, error) {
		if err != nil {
			return nil, errors.Join(err, inner.Close())
		}
		return l, nil
	}
}

// RunOnce runs one iteration of a loop that is not running, without blocking:
// what is queued, ready or due runs, what that schedules does not. The errors
// are those of RunForever.
func RunOnce(l *eventloop.Loop) error {
	l.Stop()
	return l.RunForever()
}
