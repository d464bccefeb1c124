package future_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

var _ = Describe("a task", func() {
	var w *world
	var l *loop

	BeforeEach(func() {
		noLeaks()
		w = new(world)
		l = w.newLoop()
	})

	It("begins in a later turn of the loop, never inside Create", func() {
		began := false
		t := future.Create(l, func(context.Context) (int, error) {
			began = true
			return 7, nil
		})
		Expect(began).To(BeFalse())
		Expect(t.Done()).To(BeFalse())
		l.idle()
		Expect(began).To(BeTrue())
		Expect(t.Result()).To(Equal(7))
		Expect(t.Scheduler()).To(BeIdenticalTo(l))
	})

	It("panics if there is no function", func() {
		Expect(func() { future.Create[int](l, nil) }).To(PanicWith(ContainSubstring("needs a function")))
	})

	It("begins in the order of creation", func() {
		var order []int
		for i := range 5 {
			future.Create(l, func(context.Context) (int, error) {
				order = append(order, i)
				return i, nil
			})
		}
		l.idle()
		Expect(order).To(Equal([]int{0, 1, 2, 3, 4}))
	})

	It("may be created from any goroutine", func() {
		l.start()
		t := future.Create(l, func(context.Context) (int, error) { return 7, nil })
		Expect(t.Await(soon())).To(Equal(7))
	})

	It("suspends in Await, while others run, and goes on with the result", func() {
		f := future.New[string](l)
		var events []string
		t := future.Create(l, func(ctx context.Context) (string, error) {
			events = append(events, "waits")
			s, err := f.Await(ctx)
			events = append(events, "goes on")
			return s + "!", err
		})
		other := future.Create(l, func(context.Context) (int, error) {
			events = append(events, "the other runs")
			return 0, nil
		})
		l.idle()
		Expect(t.Done()).To(BeFalse())
		Expect(other.Done()).To(BeTrue())
		f.SetResult("x")
		Expect(events).To(Equal([]string{"waits", "the other runs"}))
		l.idle()
		Expect(events).To(Equal([]string{"waits", "the other runs", "goes on"}))
		Expect(t.Result()).To(Equal("x!"))
	})

	It("does not suspend for a result that is there", func() {
		f := future.Resolved(l, 3)
		t := future.Create(l, func(ctx context.Context) (int, error) { return f.Await(ctx) })
		Expect(l.turn()).To(Equal(1))
		Expect(t.Result()).To(Equal(3))
	})

	It("awaits another task, and sees its error", func() {
		inner := future.Create(l, func(context.Context) (int, error) { return 0, errBroken })
		outer := future.Create(l, func(ctx context.Context) (int, error) {
			v, err := inner.Await(ctx)
			return v, fmt.Errorf("outer: %w", err)
		})
		l.idle()
		Expect(outer.Err()).To(MatchError("outer: broken"))
	})

	It("shares a future with others, who go on in the order of their waits", func() {
		f := future.New[int](l)
		var order []int
		for i := range 4 {
			future.Create(l, func(ctx context.Context) (int, error) {
				v, err := f.Await(ctx)
				order = append(order, i)
				return v, err
			})
		}
		l.idle()
		f.SetResult(1)
		l.idle()
		Expect(order).To(Equal([]int{0, 1, 2, 3}))
	})

	It("cannot await itself", func() {
		var t *future.Task[int]
		t = future.Create(l, func(ctx context.Context) (int, error) { return t.Await(ctx) })
		l.idle()
		Expect(t.Err()).To(MatchError(future.ErrInvalidState))
	})

	It("goes on when another goroutine runs the loop next", func() {
		f := future.New[int](l)
		t := future.Create(l, func(ctx context.Context) (int, error) { return f.Await(ctx) })
		l.idle()
		l.start()
		Expect(f.Settle(4, nil)).To(Succeed())
		Expect(t.Await(soon())).To(Equal(4))
	})

	It("calls back with itself", func() {
		t := future.Create(l, func(context.Context) (int, error) { return 7, nil })
		var with *future.Task[int]
		when := false
		t.AddDoneCallback(func(t *future.Task[int]) { with = t })
		t.WhenDone(func() { when = true })
		remove := t.AddDoneCallback(func(*future.Task[int]) { with = nil })
		Expect(remove()).To(BeTrue())
		l.idle()
		Expect(with).To(BeIdenticalTo(t))
		Expect(when).To(BeTrue())
		Expect(func() { t.AddDoneCallback(nil) }).To(PanicWith(ContainSubstring("needs a function")))
	})

	When("its function panics", func() {
		It("ends with a PanicError that shows where", func() {
			t := future.Create(l, func(context.Context) (int, error) { return explode(errBroken) })
			l.idle()
			var p *future.PanicError
			Expect(errors.As(t.Err(), &p)).To(BeTrue())
			Expect(p.Value).To(BeIdenticalTo(errBroken))
			Expect(string(p.Stack)).To(ContainSubstring("explode"))
			Expect(errors.Is(t.Err(), errBroken)).To(BeTrue())
		})

		It("ends likewise after it was suspended, and the loop goes on", func() {
			f := future.New[int](l)
			t := future.Create(l, func(ctx context.Context) (int, error) {
				f.Await(ctx)
				panic("late")
			})
			l.idle()
			f.SetResult(1)
			next := future.Create(l, func(context.Context) (int, error) { return 2, nil })
			l.idle()
			Expect(t.Err()).To(MatchError("panic: late"))
			Expect(next.Result()).To(Equal(2))
			Expect(l.tasks.OnLoop()).To(BeFalse())
		})
	})

	When("its function calls runtime.Goexit", func() {
		It("ends with ErrGoexit, runs its deferred calls and ends the loop's goroutine", func() {
			f := future.New[int](l)
			deferred := make(chan bool, 1)
			t := future.Create(l, func(ctx context.Context) (int, error) {
				defer func() { deferred <- l.tasks.OnLoop() && l.tasks.Current() != nil }()
				f.Await(ctx)
				runtime.Goexit()
				return 0, nil
			})
			l.start()
			Expect(f.Settle(1, nil)).To(Succeed())
			_, err := t.Await(soon())
			Expect(err).To(MatchError(future.ErrGoexit))
			Eventually(deferred).WithTimeout(patient).Should(Receive(BeTrue()))
			Eventually(l.goexited).WithTimeout(patient).Should(Equal(1))
		})

		It("leaves the loop usable", func() {
			t := future.Create(l, func(context.Context) (int, error) {
				runtime.Goexit()
				return 0, nil
			})
			type state struct{ onLoop, inTask bool }
			after := make(chan state, 1)
			l.start()
			Eventually(t.Done).WithTimeout(patient).Should(BeTrue())
			Expect(t.Err()).To(MatchError(future.ErrGoexit))
			Expect(l.Post(func() { after <- state{l.tasks.OnLoop(), l.tasks.Current() != nil} })).To(Succeed())
			Eventually(after).WithTimeout(patient).Should(Receive(Equal(state{true, false})))
			next := future.Create(l, func(context.Context) (int, error) { return 2, nil })
			Expect(next.Await(soon())).To(Equal(2))
		})
	})

	When("it is named", func() {
		It("has a number of its own until then", func() {
			a := future.Create(l, func(context.Context) (int, error) { return 1, nil })
			b := future.Create(l, named)
			Expect(a.Name()).To(Equal("task-1"))
			Expect(b.Name()).To(Equal("task-2"))
			b.SetName("worker")
			Expect(b.Name()).To(Equal("worker"))
			Expect(b.String()).To(And(HavePrefix("worker "), ContainSubstring("future_test.named"), HaveSuffix("(pending)")))
			l.idle()
			Expect(b.String()).To(HaveSuffix("(failed)"))
			Expect(a.String()).To(HaveSuffix("(done)"))
			Expect(b.Err()).To(MatchError(errBroken))
		})
	})

	When("the loop is closed", func() {
		It("has ended with the loop's error and its function is not called", func() {
			l.close()
			called := false
			t := future.Create(l, func(context.Context) (int, error) {
				called = true
				return 1, nil
			})
			Expect(t.Done()).To(BeTrue())
			Expect(t.Err()).To(MatchError(future.ErrLoopClosed))
			Expect(called).To(BeFalse())
			Expect(l.tasks.All()).To(BeEmpty())
		})
	})

	When("there are 100,000 of them", Label("slow"), func() {
		It("resumes each exactly once with its own result", func() {
			const n = 100_000
			futures := make([]*future.Future[int], n)
			tasks := make([]*future.Task[int], n)
			resumed := make([]uint8, n)
			for i := range n {
				f := future.New[int](l)
				futures[i] = f
				tasks[i] = future.Create(l, func(ctx context.Context) (int, error) {
					v, err := f.Await(ctx)
					resumed[i]++
					return v + 1, err
				})
			}
			l.idle()
			Expect(l.tasks.All()).To(HaveLen(n))
			for i := n - 1; i >= 0; i-- {
				futures[i].SetResult(i)
			}
			l.idle()
			wrong := 0
			for i, t := range tasks {
				if v, err := t.Result(); err != nil || v != i+1 || resumed[i] != 1 {
					wrong++
				}
			}
			Expect(wrong).To(BeZero())
			Expect(l.tasks.All()).To(BeEmpty())
		})
	})
})

func explode(value any) (int, error) { panic(value) }

func named(context.Context) (int, error) { return 0, errBroken }

var _ = Describe("the tasks of a loop", func() {
	var w *world
	var l *loop

	BeforeEach(func() {
		noLeaks()
		w = new(world)
		l = w.newLoop()
	})

	It("are listed, oldest first, until they are over", func() {
		f := future.New[int](l)
		wait := func(ctx context.Context) (int, error) { return f.Await(ctx) }
		a, b, c := future.Create(l, wait), future.Create(l, wait), future.Create(l, wait)
		Expect(l.tasks.All()).To(Equal([]future.AnyTask{a, b, c}))
		l.idle()
		Expect(l.tasks.All()).To(Equal([]future.AnyTask{a, b, c}))
		b.Cancel()
		f.SetResult(1)
		l.idle()
		Expect(l.tasks.All()).To(BeEmpty())
	})

	It("know which of them is calling", func() {
		var inTask, inCallback *future.Coro
		var task future.AnyTask
		t := future.Create(l, func(ctx context.Context) (int, error) {
			inTask = l.tasks.Current()
			task = inTask.Task()
			return 0, nil
		})
		inCallback = &future.Coro{}
		Expect(l.Post(func() { inCallback = l.tasks.Current() })).To(Succeed())
		l.idle()
		Expect(task).To(BeIdenticalTo(t))
		Expect(inTask.Scheduler()).To(BeIdenticalTo(l))
		Expect(inCallback).To(BeNil())
		Expect(l.tasks.Current()).To(BeNil())
	})

	It("know whether the caller executes for the loop", func() {
		var callback, task, resumed, beside bool
		f := future.New[int](l)
		Expect(l.Post(func() { callback = l.tasks.OnLoop() })).To(Succeed())
		future.Create(l, func(ctx context.Context) (int, error) {
			task = l.tasks.OnLoop()
			done := make(chan bool)
			go func() { done <- l.tasks.OnLoop() }()
			beside = <-done
			f.Await(ctx)
			resumed = l.tasks.OnLoop()
			return 0, nil
		})
		Expect(l.tasks.OnLoop()).To(BeFalse())
		l.idle()
		Expect(callback).To(BeTrue())
		Expect(task).To(BeTrue())
		Expect(beside).To(BeFalse())
		f.SetResult(1)
		l.idle()
		Expect(resumed).To(BeTrue())
		Expect(l.tasks.OnLoop()).To(BeFalse())
	})

	When("one of them runs another loop's turn", func() {
		It("are told apart", func() {
			other := w.newLoop()
			var mine, others *future.Coro
			inner := future.Create(other, func(context.Context) (int, error) {
				mine, others = other.tasks.Current(), l.tasks.Current()
				return 1, nil
			})
			outer := future.Create(l, func(ctx context.Context) (int, error) {
				other.idle()
				return inner.Await(ctx)
			})
			l.idle()
			Expect(outer.Result()).To(Equal(1))
			Expect(mine).NotTo(BeNil())
			Expect(others).To(BeNil())
		})
	})
})
