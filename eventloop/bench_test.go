package eventloop_test

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/looptest"
)

// benchLoop makes a loop of the best kind.
func benchLoop(b *testing.B) *eventloop.Loop {
	b.Helper()
	l, err := eventloop.NewSelectorLoop(nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := l.Close(); err != nil {
			b.Error(err)
		}
	})
	b.ReportAllocs()
	return l
}

// runUntil runs l, whose callbacks stop it.
func runUntil(b *testing.B, l *eventloop.Loop) {
	b.Helper()
	if err := l.RunForever(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkCallSoon schedules and runs a callback, a thousand to a batch.
func BenchmarkCallSoon(b *testing.B) {
	l := benchLoop(b)
	left := b.N
	nothing := func() {}
	var batch func()
	batch = func() {
		for range min(left, 1000) {
			l.CallSoon(nothing)
		}
		if left -= 1000; left <= 0 {
			l.Stop()
		}
		l.CallSoon(batch)
	}
	l.CallSoon(batch)
	b.ResetTimer()
	runUntil(b, l)
}

// BenchmarkIteration is one callback per iteration: what a turn of the loop
// costs, with its look for events.
func BenchmarkIteration(b *testing.B) {
	l := benchLoop(b)
	left := b.N
	var again func()
	again = func() {
		if left--; left <= 0 {
			l.Stop()
			return
		}
		l.CallSoon(again)
	}
	l.CallSoon(again)
	b.ResetTimer()
	runUntil(b, l)
}

// BenchmarkTimer schedules and cancels a timer among 100,000 others.
func BenchmarkTimer(b *testing.B) {
	l := benchLoop(b)
	nothing := func() {}
	for i := range 100_000 {
		l.CallLater(time.Hour+time.Duration(i*7919%100_000)*time.Millisecond, nothing)
	}
	i := 0
	b.ResetTimer()
	for b.Loop() {
		i++
		h := l.CallLater(time.Hour+time.Duration(i*7919%100_000)*time.Millisecond, nothing)
		h.Cancel()
	}
}

// BenchmarkCallSoonThreadsafe is one call from another goroutine, of one and of
// four that compete.
func BenchmarkCallSoonThreadsafe(b *testing.B) {
	for _, producers := range []int{1, 4} {
		b.Run(fmt.Sprintf("producers=%d", producers), func(b *testing.B) { benchProducers(b, producers) })
	}
}

func benchProducers(b *testing.B, producers int) {
	l := benchLoop(b)
	left := b.N
	received := func() {
		if left--; left == 0 {
			l.Stop()
		}
	}
	var done sync.WaitGroup
	for p := range producers {
		share := b.N / producers
		if p == 0 {
			share += b.N % producers
		}
		done.Go(func() {
			for range share {
				if _, err := l.CallSoonThreadsafe(received); err != nil {
					b.Error(err)
				}
			}
		})
	}
	b.ResetTimer()
	runUntil(b, l)
	done.Wait()
}

// BenchmarkWake is the way from another goroutine into a sleeping loop and back.
func BenchmarkWake(b *testing.B) {
	l := benchLoop(b)
	back := make(chan struct{})
	answer := func() { back <- struct{}{} }
	over := make(chan error)
	go func() { over <- l.RunForever() }()
	b.ResetTimer()
	for b.Loop() {
		if err := l.Post(answer); err != nil {
			b.Fatal(err)
		}
		<-back
	}
	b.StopTimer()
	l.Stop()
	if err := <-over; err != nil {
		b.Fatal(err)
	}
}

// BenchmarkTaskSwitch is a task that gives up its turn and gets the next one,
// with a hundred of them, so that the look for events is shared; bare is the
// same for coroutines without a loop.
func BenchmarkTaskSwitch(b *testing.B) {
	const tasks = 100
	b.Run("task", func(b *testing.B) {
		l := benchLoop(b)
		left := b.N
		for range tasks {
			eventloop.CreateTask(l, func(ctx context.Context) (none, error) {
				for left > 0 {
					left--
					if err := eventloop.Sleep(ctx, 0); err != nil {
						return none{}, err
					}
				}
				l.Stop()
				return none{}, nil
			})
		}
		b.ResetTimer()
		runUntil(b, l)
		b.StopTimer()
		for len(l.AllTasks()) > 0 {
			if err := looptest.RunOnce(l); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("bare", func(b *testing.B) {
		b.ReportAllocs()
		var nexts []func() (none, bool)
		for range tasks {
			next, stop := iter.Pull(func(yield func(none) bool) {
				for yield(none{}) {
				}
			})
			defer stop()
			nexts = append(nexts, next)
		}
		i := 0
		for b.Loop() {
			nexts[i%tasks]()
			i++
		}
	})
}

// BenchmarkTasksOnTimers makes 100,000 tasks that each await a timer, and wakes
// them. One operation is all of them.
func BenchmarkTasksOnTimers(b *testing.B) {
	const tasks = 100_000
	for b.Loop() {
		l, clock, err := looptest.New("", nil)
		if err != nil {
			b.Fatal(err)
		}
		before := inUse()
		began := time.Now()
		woke := 0
		for i := range tasks {
			eventloop.CreateTask(l, func(ctx context.Context) (none, error) {
				err := eventloop.Sleep(ctx, time.Second+time.Duration(i))
				woke++
				return none{}, err
			})
		}
		_ = looptest.RunOnce(l)
		asleep := time.Since(began)
		b.ReportMetric(float64(inUse()-before)/tasks, "B/task")
		began = time.Now()
		clock.Advance(time.Minute)
		_ = looptest.RunOnce(l)
		_ = looptest.RunOnce(l)
		b.ReportMetric(float64((asleep+time.Since(began)).Nanoseconds())/tasks, "ns/task")
		if woke != tasks {
			b.Fatalf("%d of %d tasks woke", woke, tasks)
		}
		if err := l.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// inUse is the memory of the heap and of the stacks.
func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}
