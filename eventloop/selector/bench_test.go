package selector_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/tidemill-go/tidemill/eventloop/selector"
)

// benchmark runs f with a new selector of each mechanism.
func benchmark(b *testing.B, f func(b *testing.B, s selector.Selector)) {
	for _, m := range selector.Mechanisms() {
		b.Run(m.Name, func(b *testing.B) {
			s, err := m.New()
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			b.ReportAllocs()
			f(b, s)
		})
	}
}

// BenchmarkWait asks without waiting, with all of the descriptors ready.
func BenchmarkWait(b *testing.B) {
	for _, ready := range []int{1, 64} {
		b.Run(fmt.Sprintf("%d ready", ready), func(b *testing.B) {
			benchmark(b, func(b *testing.B, s selector.Selector) {
				for i := range ready {
					addReady(b, s, uint64(i))
				}
				for b.Loop() {
					if events, err := s.Wait(time.Time{}, nil); err != nil || len(events) != ready {
						b.Fatal(len(events), err)
					}
				}
			})
		})
	}
}

// addReady registers an empty socket for writing.
func addReady(b *testing.B, s selector.Selector, tag uint64) {
	x, y, err := socketPair()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = closeFD(x)
		_ = closeFD(y)
	})
	if err := s.Add(x, tag, selector.Write); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkWake is the round trip of a call posted to a parked loop.
func BenchmarkWake(b *testing.B) {
	timers := []struct {
		name string
		next func() time.Time
	}{{"no timer", never}, {"far timer", func() time.Time { return time.Now().Add(time.Hour) }}}
	for _, timer := range timers {
		b.Run(timer.name, func(b *testing.B) {
			benchmark(b, func(b *testing.B, s selector.Selector) {
				l := &miniLoop{s: s}
				ended, ran := make(chan bool), make(chan bool, 1)
				go func() {
					defer close(ended)
					l.run(timer.next, func() {})
				}()
				answer := func() { ran <- true }
				for b.Loop() {
					l.post(answer)
					<-ran
				}
				l.post(func() { l.stopped = true })
				<-ended
			})
		})
	}
}
