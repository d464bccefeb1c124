package eventloop

import (
	"time"

	"github.com/tidemill-go/tidemill/eventloop/selector"
)

// spinner polls some more before it lets a selector go to sleep: a wake-up
// costs more than many polls.
type spinner struct {
	selector.Selector
	turns int
}

func spinning(s selector.Selector, turns int) selector.Selector {
	if turns <= 0 {
		return s
	}
	return &spinner{s, turns}
}

func (s *spinner) Wait(until time.Time, park func() bool) ([]selector.Event, error) {
	if park != nil {
		for range s.turns {
			if events, err := s.Selector.Wait(time.Time{}, nil); len(events) > 0 || err != nil {
				return events, err
			}
		}
	}
	return s.Selector.Wait(until, park)
}
