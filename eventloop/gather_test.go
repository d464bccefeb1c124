package eventloop_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
)

func gatherSpecs(kind string) {
	// after is a task that returns n when so much time has passed.
	after := func(w *world, d time.Duration, n int, err error) *eventloop.Task[int] {
		return eventloop.CreateTask(w.Loop, func(ctx context.Context) (int, error) {
			if err := eventloop.Sleep(ctx, d); err != nil {
				return 0, err
			}
			return n, err
		})
	}

	Describe("Gather", func() {
		It("has the results of tasks that run side by side, in the order of its arguments", func() {
			w := newJumpingWorld(kind)
			start := w.Now()
			all := eventloop.Gather[int](w.Loop, after(w, 3*time.Second, 1, nil), after(w, time.Second, 2, nil), after(w, 2*time.Second, 3, nil))
			Expect(eventloop.RunUntilComplete(w.Loop, all)).To(Equal([]int{1, 2, 3}))
			Expect(w.Now().Sub(start)).To(BeNumerically("~", 3*time.Second, 10*time.Millisecond))
		})

		It("fails with the first error while the others go on", func() {
			w := newJumpingWorld(kind)
			slow := after(w, time.Minute, 1, nil)
			_, err := eventloop.RunUntilComplete(w.Loop, eventloop.Gather[int](w.Loop, slow, after(w, time.Second, 0, errSpec)))
			Expect(err).To(MatchError(errSpec))
			Expect(slow.Done()).To(BeFalse())
			Expect(eventloop.RunUntilComplete(w.Loop, slow)).To(Equal(1))
		})

		It("has the errors as results when it is settled", func() {
			w := newJumpingWorld(kind)
			all := eventloop.GatherSettled[int](w.Loop, after(w, 1, 0, errSpec), after(w, 2, 2, nil))
			Expect(eventloop.RunUntilComplete(w.Loop, all)).To(Equal([]eventloop.Outcome[int]{{Err: errSpec}, {Value: 2}}))
		})

		It("cancels everything when the wait for it times out", func() {
			w := newJumpingWorld(kind)
			a, b := after(w, time.Hour, 1, nil), after(w, time.Hour, 2, nil)
			err := finish(w, spawn(w, func(ctx context.Context) error {
				_, err := eventloop.WaitFor[[]int](ctx, eventloop.Gather[int](w.Loop, a, b), time.Second)
				return err
			}))
			Expect(err).To(Equal(context.DeadlineExceeded))
			Expect(a.Cancelled()).To(BeTrue())
			Expect(b.Cancelled()).To(BeTrue())
		})

		It("may be called from goroutines beside the loop", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			results := make(chan error, 20)
			for range cap(results) {
				go func() {
					v, err := eventloop.Gather[int](w.Loop, after(w, 0, 1, nil), after(w, 0, 2, nil)).Await(ctx)
					if err == nil && v[0]+v[1] != 3 {
						err = errSpec
					}
					results <- err
				}()
			}
			for range cap(results) {
				Eventually(ctx, results).Should(Receive(BeNil()))
			}
		}, bounded)

		It("has failed on a closed loop", func() {
			w := newWorld(kind)
			f := eventloop.NewFuture[int](w.Loop)
			Expect(w.Close()).To(Succeed())
			Expect(eventloop.Gather[int](w.Loop, f).Err()).To(MatchError(eventloop.ErrLoopClosed))
			Expect(eventloop.Shield(f).Err()).To(MatchError(eventloop.ErrLoopClosed))
		})
	})

	Describe("Shield", func() {
		It("keeps the end of a wait from what is awaited", func() {
			w := newJumpingWorld(kind)
			inner := after(w, time.Minute, 7, nil)
			err := finish(w, spawn(w, func(ctx context.Context) error {
				_, err := eventloop.WaitFor[int](ctx, eventloop.Shield(inner), time.Second)
				return err
			}))
			Expect(err).To(Equal(context.DeadlineExceeded))
			Expect(eventloop.RunUntilComplete(w.Loop, inner)).To(Equal(7))
		})

		It("reports the error of a future that nobody waits for any more", func() {
			w := newWorld(kind)
			f := eventloop.NewFuture[int](w.Loop)
			eventloop.Shield(f).Cancel()
			w.once()
			f.SetError(errSpec)
			w.once()
			w.once()
			Expect(w.reports()).To(HaveExactElements(HaveField("Err", errSpec)))
		})
	})

	Describe("Wait", func() {
		It("returns what is over and what is not when its time is up", func() {
			w := newJumpingWorld(kind)
			fast, slow := after(w, time.Second, 1, nil), after(w, time.Hour, 2, nil)
			var done, pending []*eventloop.Task[int]
			var cause error
			Expect(finish(w, spawn(w, func(ctx context.Context) error {
				return eventloop.Timeout(ctx, time.Minute, func(ctx context.Context) error {
					done, pending, cause = eventloop.Wait(ctx, []*eventloop.Task[int]{slow, fast}, eventloop.AllCompleted)
					return nil
				})
			}))).To(Succeed())
			Expect(done).To(Equal([]*eventloop.Task[int]{fast}))
			Expect(pending).To(Equal([]*eventloop.Task[int]{slow}))
			Expect(cause).To(MatchError(context.DeadlineExceeded))
			slow.Cancel()
			w.once()
		})

		It("serves goroutines beside the loop", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			fs := []eventloop.Any{eventloop.NewFuture[int](w.Loop), after(w, 0, 1, nil)}
			done, pending, err := eventloop.Wait(ctx, fs, eventloop.FirstCompleted)
			Expect(err).NotTo(HaveOccurred())
			Expect(done).To(Equal(fs[1:]))
			Expect(pending).To(Equal(fs[:1]))
		}, bounded)
	})
}
