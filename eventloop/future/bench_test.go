package future_test

import (
	"context"
	"iter"
	"runtime"
	"testing"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

func bare() *loop {
	l := new(loop)
	l.more.L = &l.mu
	l.tasks = future.NewTasks(nil)
	return l
}

// direct is a Scheduler of one slot, so that a benchmark measures the switch and
// not the queue.
type direct struct {
	tasks *future.Tasks
	fn    func()
}

func (d *direct) Post(fn func()) error      { d.fn = fn; return nil }
func (d *direct) Tasks() *future.Tasks      { return d.tasks }
func (d *direct) Report(string, error, any) {}
func (d *direct) run()                      { fn := d.fn; d.fn = nil; fn() }

func BenchmarkBarePull(b *testing.B) {
	next, stop := iter.Pull(func(yield func(struct{}) bool) {
		for yield(struct{}{}) {
		}
	})
	defer stop()
	b.ReportAllocs()
	for b.Loop() {
		next()
	}
}

// BenchmarkSwitch wakes a task and lets it suspend again: to be compared with
// BenchmarkBarePull, of which it may take three times the time.
func BenchmarkSwitch(b *testing.B) {
	d := &direct{tasks: future.NewTasks(nil)}
	var c *future.Coro
	over := false
	future.Create(d, func(ctx context.Context) (int, error) {
		for c = future.FromContext(ctx); !over; {
			if err := c.Suspend(ctx); err != nil {
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
		c.Wake()
		d.run()
	}
	over = true
	c.Wake()
	d.run()
}

// BenchmarkAwait adds a future to every switch.
func BenchmarkAwait(b *testing.B) {
	d := &direct{tasks: future.NewTasks(nil)}
	var f *future.Future[int]
	t := future.Create(d, func(ctx context.Context) (int, error) {
		for {
			if _, err := f.Await(ctx); err != nil {
				return 0, err
			}
		}
	})
	d.tasks.Enter()
	defer d.tasks.Leave()
	f = future.New[int](d)
	d.run()
	b.ReportAllocs()
	for b.Loop() {
		now := f
		f = future.New[int](d)
		now.SetResult(1)
		d.run()
	}
	t.Cancel()
	d.run()
}

// BenchmarkTask is a task's whole life with one suspension.
func BenchmarkTask(b *testing.B) {
	l := bare()
	b.ReportAllocs()
	for b.Loop() {
		f := future.New[int](l)
		future.Create(l, func(ctx context.Context) (int, error) { return f.Await(ctx) })
		l.turn()
		f.SetResult(1)
		l.turn()
	}
}

// BenchmarkSuspendedTasks reports the memory that a suspended task holds: heap,
// and the stack of its coroutine.
func BenchmarkSuspendedTasks(b *testing.B) {
	const n = 100_000
	for b.Loop() {
		l := bare()
		f := future.New[int](l)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for range n {
			future.Create(l, func(ctx context.Context) (int, error) { return f.Await(ctx) })
		}
		l.turn()
		l.queue = nil
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/n, "heap-B/task")
		b.ReportMetric(float64(after.StackInuse-before.StackInuse)/n, "stack-B/task")
		f.SetResult(1)
		for l.turn() > 0 {
		}
	}
}
