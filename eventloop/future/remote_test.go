package future_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

var _ = Describe("Await across loops", func() {
	var w *world
	var home, abroad *loop
	var f *future.Future[int] // of the loop abroad

	BeforeEach(func() {
		noLeaks()
		w = new(world)
		home, abroad = w.newLoop(), w.newLoop()
		f = future.New[int](abroad)
	})

	DescribeTable("suspends the task, and its own loop resumes it",
		func(with func(ctx context.Context) context.Context) {
			resumedAtHome := false
			t := future.Create(home, func(ctx context.Context) (int, error) {
				v, err := f.Await(with(ctx))
				resumedAtHome = home.tasks.OnLoop()
				return v, err
			})
			home.idle()
			abroad.idle()
			f.SetResult(4)
			Expect(t.Done()).To(BeFalse())
			home.idle()
			Expect(t.Result()).To(Equal(4))
			Expect(resumedAtHome).To(BeTrue())
		},
		Entry("with its own context", func(ctx context.Context) context.Context { return ctx }),
		Entry("with one that has nothing to do with it", func(context.Context) context.Context { return context.Background() }),
	)

	It("finds the task through its context where loops do not know each other", func() {
		home.tasks, abroad.tasks = future.NewTasks(nil), future.NewTasks(nil)
		t := future.Create(home, func(ctx context.Context) (int, error) {
			return f.Await(context.WithValue(ctx, name{}, "x"))
		})
		home.idle()
		abroad.idle()
		f.SetResult(4)
		home.idle()
		Expect(t.Result()).To(Equal(4))
	})

	It("works between two running loops, many times", func() {
		home.start()
		abroad.start()
		const n = 500
		tasks := make([]*future.Task[int], n)
		for i := range n {
			far := future.Create(abroad, func(context.Context) (int, error) { return i, nil })
			tasks[i] = future.Create(home, func(ctx context.Context) (int, error) { return far.Await(ctx) })
		}
		for i, t := range tasks {
			Expect(t.Await(soon())).To(Equal(i))
		}
	})

	When("the waiting task is cancelled", func() {
		It("has the future cancelled and does not wait for that", func() {
			t := future.Create(home, func(ctx context.Context) (int, error) { return f.Await(ctx) })
			home.idle()
			abroad.idle()
			t.Cancel()
			home.idle()
			Expect(t.Cancelled()).To(BeTrue())
			Expect(f.Done()).To(BeFalse())
			abroad.idle()
			Expect(f.Cancelled()).To(BeTrue())
		})
	})

	When("the result comes while the waiting task is being cancelled", func() {
		It("does not end the wait that the task begins next", func() {
			second := future.New[int](home)
			var first error
			t := future.Create(home, func(ctx context.Context) (int, error) {
				_, first = f.Await(ctx)
				return second.Await(ctx)
			})
			home.idle()
			abroad.idle()
			t.Cancel()
			f.SetResult(1)
			Expect(home.queued()).To(Equal(2))
			home.idle()
			Expect(first).To(BeIdenticalTo(future.ErrCancelled))
			Expect(t.Done()).To(BeFalse())
			second.SetResult(2)
			home.idle()
			Expect(t.Result()).To(Equal(2))
		})
	})

	When("the context ends", func() {
		It("has the future cancelled and returns the cause at once", func() {
			ctx, cancel := context.WithCancelCause(context.Background())
			t := future.Create(home, func(context.Context) (int, error) { return f.Await(ctx) })
			home.idle()
			abroad.idle()
			cancel(errEnough)
			Eventually(func() bool { home.idle(); return t.Done() }).WithTimeout(patient).Should(BeTrue())
			Expect(t.Err()).To(BeIdenticalTo(errEnough))
			abroad.idle()
			Expect(f.Cancelled()).To(BeTrue())
		})

		It("does so when it is over before", func() {
			ctx, cancel := context.WithCancelCause(context.Background())
			cancel(errEnough)
			t := future.Create(home, func(context.Context) (int, error) { return f.Await(ctx) })
			home.idle()
			Expect(t.Err()).To(BeIdenticalTo(errEnough))
			abroad.idle()
			Expect(f.Cancelled()).To(BeTrue())
		})
	})

	When("the future's loop is closed", func() {
		It("returns that loop's error to a task that waits", func() {
			t := future.Create(home, func(ctx context.Context) (int, error) { return f.Await(ctx) })
			home.idle()
			abroad.close()
			home.idle()
			Expect(t.Err()).To(MatchError(future.ErrLoopClosed))
		})

		It("returns it to a task that comes later", func() {
			abroad.close()
			t := future.Create(home, func(ctx context.Context) (int, error) { return f.Await(ctx) })
			home.idle()
			Expect(t.Err()).To(MatchError(future.ErrLoopClosed))
		})
	})

	When("the waiting task's loop is closed", func() {
		It("returns ErrLoopClosed and leaves the future alone", func() {
			var seen error
			future.Create(home, func(ctx context.Context) (int, error) {
				_, seen = f.Await(ctx)
				return 0, seen
			})
			home.idle()
			abroad.idle()
			home.close()
			Expect(seen).To(MatchError(future.ErrLoopClosed))
			Expect(home.taken()).To(HaveLen(1))
			abroad.idle()
			Expect(f.Done()).To(BeFalse())
			Expect(f.Waiters()).To(BeZero())
			f.SetResult(1)
			abroad.idle()
		})
	})

	When("results, cancellations and time-outs race", func() {
		It("ends every wait and leaves nothing registered", func() {
			home.start()
			abroad.start()
			const n = 400
			futures, tasks := make([]*future.Future[int], n), make([]*future.Task[int], n)
			results := make(chan error, n)
			for i := range n {
				f := future.New[int](abroad)
				futures[i] = f
				wait := func(ctx context.Context) (int, error) {
					timed, cancel := context.WithTimeout(ctx, time.Duration(i%7)*100*time.Microsecond)
					defer cancel()
					return f.Await(timed)
				}
				tasks[i] = future.Create(home, wait)
				go func() {
					_, err := wait(context.Background())
					results <- err
				}()
			}
			for i := range n {
				Expect(home.Post(func() {
					if i%3 == 0 {
						tasks[i].Cancel()
					}
				})).To(Succeed())
				Expect(futures[i].Settle(i, nil)).To(Succeed())
			}
			ends := Or(Succeed(), MatchError(context.DeadlineExceeded), MatchError(future.ErrCancelled))
			for _, t := range tasks {
				_, err := t.Await(soon())
				Expect(err).To(ends)
				Eventually(results).WithTimeout(patient).Should(Receive(ends))
			}
			home.stop()
			abroad.stop()
			Expect(home.tasks.Remotes() + abroad.tasks.Remotes()).To(BeZero())
			for _, f := range futures {
				Expect(f.Done()).To(BeTrue())
				Expect(f.Waiters()).To(BeZero())
			}
		})
	})

	It("ends when the loop stops right after the result, before it has taken note of the wait", func() {
		f := future.New[int](abroad)
		results := make(chan int, 1)
		go func() {
			v, _ := f.Await(context.Background())
			results <- v
		}()
		Eventually(abroad.tasks.Remotes).WithTimeout(patient).Should(Equal(1))
		abroad.on(func() { f.SetResult(7) })
		Eventually(results).WithTimeout(patient).Should(Receive(Equal(7)))
	})
})
