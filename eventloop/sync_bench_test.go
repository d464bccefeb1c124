package eventloop_test

import (
	"context"
	"testing"

	"github.com/tidemill-go/tidemill/eventloop"
)

// BenchmarkLockHandOff has two tasks take a lock from each other: one wait, one
// hand-over and one switch an operation.
func BenchmarkLockHandOff(b *testing.B) {
	l := benchLoop(b)
	m := eventloop.NewLock(l)
	left := b.N
	take := func(ctx context.Context) (none, error) {
		for left > 0 {
			if err := m.Acquire(ctx); err != nil {
				return none{}, err
			}
			left--
			if err := eventloop.Sleep(ctx, 0); err != nil {
				return none{}, err
			}
			m.Release()
		}
		return none{}, nil
	}
	all := eventloop.Gather[none](l, eventloop.CreateTask(l, take), eventloop.CreateTask(l, take))
	b.ResetTimer()
	if _, err := eventloop.RunUntilComplete(l, all); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkQueue moves items from a task to another through a queue of 16.
func BenchmarkQueue(b *testing.B) {
	l := benchLoop(b)
	q := eventloop.NewQueue[int](l, 16)
	eventloop.CreateTask(l, func(ctx context.Context) (none, error) {
		for i := range b.N {
			if err := q.Put(ctx, i); err != nil {
				return none{}, err
			}
		}
		q.Shutdown(false)
		return none{}, nil
	})
	consumer := eventloop.CreateTask(l, func(ctx context.Context) (int, error) {
		n := 0
		for {
			if _, err := q.Get(ctx); err != nil {
				return n, nil
			}
			n++
		}
	})
	b.ResetTimer()
	if n, err := eventloop.RunUntilComplete(l, consumer); err != nil || n != b.N {
		b.Fatal(n, err)
	}
}

// BenchmarkTaskGroup runs a group of ten tasks that suspend once.
func BenchmarkTaskGroup(b *testing.B) {
	l := benchLoop(b)
	task := eventloop.CreateTask(l, func(ctx context.Context) (none, error) {
		for range b.N {
			err := eventloop.RunTaskGroup(ctx, func(ctx context.Context, g *eventloop.TaskGroup) error {
				for range 10 {
					g.Go(func(ctx context.Context) error { return eventloop.Sleep(ctx, 0) })
				}
				return nil
			})
			if err != nil {
				return none{}, err
			}
		}
		return none{}, nil
	})
	b.ResetTimer()
	if _, err := eventloop.RunUntilComplete(l, task); err != nil {
		b.Fatal(err)
	}
}
