package eventloop_test

import (
	"context"
	"runtime"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
)

// pendingReport matches what Close says of a task that was left.
func pendingReport() OmegaMatcher {
	return SatisfyAll(
		HaveField("Message", ContainSubstring("pending")),
		HaveField("Err", MatchError(eventloop.ErrLoopClosed)),
		HaveField("Task", Not(BeNil())),
	)
}

func closeTaskSpecs(kind string) {
	Describe("Close with tasks left", func() {
		It("ends their waits with ErrLoopClosed and reports them", func() {
			w := newWorld(kind)
			var sleeping, waiting error
			eventloop.CreateTask(w.Loop, func(ctx context.Context) (int, error) {
				sleeping = eventloop.Sleep(ctx, time.Hour)
				return 0, sleeping
			})
			eventloop.CreateTask(w.Loop, func(ctx context.Context) (int, error) {
				_, waiting = eventloop.NewFuture[int](w.Loop).Await(ctx)
				return 0, waiting
			})
			w.once()
			Expect(w.AllTasks()).To(HaveLen(2))
			Expect(w.Close()).To(Succeed())
			Expect(sleeping).To(MatchError(eventloop.ErrLoopClosed))
			Expect(waiting).To(MatchError(eventloop.ErrLoopClosed))
			Expect(w.AllTasks()).To(BeEmpty())
			Expect(w.reports()).To(HaveExactElements(pendingReport(), pendingReport()))
		})

		It("lets them clean up, without waiting and without the clock", func(ctx SpecContext) {
			w := newRealWorld(kind)
			var again []error
			var inside *eventloop.Loop
			eventloop.CreateTask(w.Loop, func(ctx context.Context) (int, error) {
				defer func() {
					inside, _ = eventloop.Running()
					f := eventloop.NewFuture[int](w.Loop)
					_, await := f.Await(context.Background())
					_, waitFor := eventloop.WaitFor(context.Background(), f, time.Hour)
					again = append(again, await, waitFor,
						eventloop.Sleep(context.Background(), time.Hour), eventloop.Sleep(ctx, 0))
				}()
				return 0, eventloop.Sleep(ctx, time.Hour)
			})
			w.once()
			began := time.Now()
			Expect(w.Close()).To(Succeed())
			Expect(time.Since(began)).To(BeNumerically("<", time.Second))
			Expect(inside).To(BeIdenticalTo(w.Loop))
			Expect(again).To(HaveLen(4))
			for _, err := range again {
				Expect(err).To(MatchError(eventloop.ErrLoopClosed))
			}
			Expect(w.reports()).To(HaveExactElements(pendingReport()))
		}, bounded)

		It("ends the waits of goroutines elsewhere", func(ctx SpecContext) {
			w := newRealWorld(kind)
			f := eventloop.NewFuture[int](w.Loop)
			halt := w.background()
			over := make(chan error, 1)
			go func() {
				_, err := f.Await(context.Background())
				over <- err
			}()
			Consistently(over).WithTimeout(20 * time.Millisecond).ShouldNot(Receive())
			halt()
			Expect(w.Close()).To(Succeed())
			Eventually(ctx, over).Should(Receive(MatchError(eventloop.ErrLoopClosed)))
		}, bounded)

		It("does not begin one that had not begun", func() {
			w, t := newWorld(kind), &trace{}
			task := eventloop.CreateTask(w.Loop, func(context.Context) (int, error) { t.add("began"); return 0, nil })
			Expect(w.Close()).To(Succeed())
			Expect(t.take()).To(BeEmpty())
			Expect(task.Err()).To(MatchError(eventloop.ErrLoopClosed))
			Expect(w.reports()).To(HaveExactElements(pendingReport()))
		})

		It("survives one that calls runtime.Goexit and one that panics", func() {
			w, t := newWorld(kind), &trace{}
			for _, last := range []func(){runtime.Goexit, func() { panic("at the end") }, t.adds("third")} {
				eventloop.CreateTask(w.Loop, func(ctx context.Context) (int, error) {
					defer last()
					return 0, eventloop.Sleep(ctx, time.Hour)
				})
			}
			w.once()
			Expect(w.Close()).To(Succeed())
			Expect(t.take()).To(Equal([]string{"third"}))
			Expect(len(w.reports())).To(BeNumerically(">=", 3))
		})

		It("reports errors of tasks that nobody has read", func() {
			w := newWorld(kind)
			unread := eventloop.CreateTask(w.Loop, func(context.Context) (int, error) { return 0, errSpec })
			read := eventloop.CreateTask(w.Loop, func(context.Context) (int, error) { return 0, errSpec })
			w.once()
			Expect(read.Err()).To(MatchError(errSpec))
			Expect(w.Close()).To(Succeed())
			Expect(w.reports()).To(HaveExactElements(SatisfyAll(
				HaveField("Message", ContainSubstring("never read")),
				HaveField("Err", MatchError(errSpec)),
				HaveField("Task", BeIdenticalTo(unread)),
			)))
		})
	})
}
