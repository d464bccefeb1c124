package future_test

import (
	"context"
	"testing"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

// BenchmarkLockFree takes and releases a lock that nobody else wants.
func BenchmarkLockFree(b *testing.B) {
	l := bare()
	m := future.NewLock(l)
	future.Create(l, func(ctx context.Context) (int, error) {
		b.ReportAllocs()
		for b.Loop() {
			if err := m.Acquire(ctx); err != nil {
				return 0, err
			}
			m.Release()
		}
		return 0, nil
	})
	l.turn()
}

// BenchmarkLockHandOver hands a lock to a waiting task: to be compared with
// BenchmarkSwitch, of which it is little more.
func BenchmarkLockHandOver(b *testing.B) {
	d := &direct{tasks: future.NewTasks(nil)}
	m := future.NewLock(d)
	m.TryAcquire()
	over := false
	future.Create(d, func(ctx context.Context) (int, error) {
		for !over {
			if err := m.Acquire(ctx); err != nil {
				return 0, err
			}
		}
		return 0, nil
	})
	d.tasks.Enter()
	defer d.tasks.Leave()
	d.run()
	b.ReportAllocs()
	for b.Loop() {
		m.Release()
		d.run()
	}
	over = true
	m.Release()
	d.run()
}

// BenchmarkQueueHandOver puts an item for a task that waits for it.
func BenchmarkQueueHandOver(b *testing.B) {
	d := &direct{tasks: future.NewTasks(nil)}
	q := future.NewQueue[int](d, 0)
	future.Create(d, func(ctx context.Context) (int, error) {
		for {
			if _, err := q.Get(ctx); err != nil {
				return 0, nil
			}
		}
	})
	d.tasks.Enter()
	defer d.tasks.Leave()
	d.run()
	b.ReportAllocs()
	for b.Loop() {
		if err := q.TryPut(1); err != nil {
			b.Fatal(err)
		}
		d.run()
	}
	q.Shutdown(true)
	d.run()
}

// BenchmarkQueueThrough puts and gets without a wait.
func BenchmarkQueueThrough(b *testing.B) {
	l := bare()
	q := future.NewQueue[int](l, 0)
	future.Create(l, func(ctx context.Context) (int, error) {
		b.ReportAllocs()
		for b.Loop() {
			if err := q.Put(ctx, 1); err != nil {
				return 0, err
			}
			if _, err := q.Get(ctx); err != nil {
				return 0, err
			}
		}
		return 0, nil
	})
	l.turn()
}
