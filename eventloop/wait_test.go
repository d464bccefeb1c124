package eventloop_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
)

func waitSpecs(kind string) {
	Describe("Sleep", func() {
		It("goes by the loop's clock in a task", func() {
			w := newWorld(kind)
			task := spawn(w, func(ctx context.Context) error { return eventloop.Sleep(ctx, time.Hour) })
			w.once()
			w.clock.Advance(time.Hour - 1)
			w.once()
			w.once()
			Expect(task.Done()).To(BeFalse())
			w.clock.Advance(1)
			Expect(finish(w, task)).To(Succeed())
		})

		It("lets others have their turn for zero and for negative times", func() {
			w, t := newWorld(kind), &trace{}
			task := spawn(w, func(ctx context.Context) error {
				w.CallSoon(t.adds("other"))
				if err := eventloop.Sleep(ctx, 0); err != nil {
					return err
				}
				t.add("task")
				w.CallSoon(t.adds("other"))
				err := eventloop.Sleep(ctx, -time.Hour)
				t.add("task")
				return err
			})
			Expect(finish(w, task)).To(Succeed())
			Expect(t.take()).To(Equal([]string{"other", "task", "other", "task"}))
		})

		It("goes by the system's clock elsewhere", func(ctx SpecContext) {
			began := time.Now()
			Expect(eventloop.Sleep(ctx, 5*time.Millisecond)).To(Succeed())
			Expect(time.Since(began)).To(BeNumerically(">=", 5*time.Millisecond))
			Expect(eventloop.Sleep(ctx, 0)).To(Succeed())
		}, bounded)

		It("ends early with the cause of its context", func() {
			w := newWorld(kind)
			Expect(eventloop.Sleep(expired(), time.Hour)).To(MatchError(errSpec))
			var before, within error
			task := spawn(w, func(ctx context.Context) error {
				before = eventloop.Sleep(expired(), time.Hour)
				limited, cancel := context.WithCancelCause(ctx)
				w.CallSoon(func() { cancel(errSpec) })
				within = eventloop.Sleep(limited, time.Hour)
				return nil
			})
			Expect(finish(w, task)).To(Succeed())
			Expect(before).To(MatchError(errSpec))
			Expect(within).To(MatchError(errSpec))
		})
	})

	Describe("WaitFor", func() {
		It("returns what comes in time", func() {
			w := newJumpingWorld(kind)
			task := eventloop.CreateTask(w.Loop, func(ctx context.Context) (int, error) {
				f := eventloop.NewFuture[int](w.Loop)
				w.CallLater(time.Second, func() { f.SetResult(6) })
				return eventloop.WaitFor(ctx, f, time.Minute)
			})
			Expect(eventloop.RunUntilComplete(w.Loop, task)).To(Equal(6))
		})

		It("cancels what takes too long", func() {
			w := newJumpingWorld(kind)
			start := w.Now()
			f := eventloop.NewFuture[int](w.Loop)
			task := spawn(w, func(ctx context.Context) error {
				_, err := eventloop.WaitFor(ctx, f, time.Minute)
				return err
			})
			Expect(finish(w, task)).To(MatchError(context.DeadlineExceeded))
			Expect(f.Cancelled()).To(BeTrue())
			Expect(w.Now().Sub(start)).To(Equal(time.Minute))
		})

		It("cancels a task that takes too long, and waits for its end", func() {
			w, t := newJumpingWorld(kind), &trace{}
			slow := spawn(w, func(ctx context.Context) error {
				err := eventloop.Sleep(ctx, time.Hour)
				t.add("cleans up")
				return err
			})
			task := spawn(w, func(ctx context.Context) error {
				_, err := eventloop.WaitFor(ctx, slow, time.Second)
				t.add("timed out")
				return err
			})
			Expect(finish(w, task)).To(MatchError(context.DeadlineExceeded))
			Expect(t.take()).To(Equal([]string{"cleans up", "timed out"}))
			Expect(slow.Cancelled()).To(BeTrue())
		})

		It("gives up at once for zero and for negative times", func() {
			w := newJumpingWorld(kind)
			start := w.Now()
			task := spawn(w, func(ctx context.Context) error {
				_, first := eventloop.WaitFor(ctx, eventloop.NewFuture[int](w.Loop), 0)
				_, second := eventloop.WaitFor(ctx, eventloop.NewFuture[int](w.Loop), -time.Hour)
				if second != context.DeadlineExceeded {
					return second
				}
				return first
			})
			Expect(finish(w, task)).To(MatchError(context.DeadlineExceeded))
			Expect(w.Now()).To(Equal(start))
		})

		It("works beside the loop, by the system's clock", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			f := eventloop.NewFuture[int](w.Loop)
			_, err := eventloop.WaitFor(ctx, f, time.Millisecond)
			Expect(err).To(MatchError(context.DeadlineExceeded))
			w.on(ctx, func() {})
			Expect(f.Cancelled()).To(BeTrue())
		}, bounded)
	})
}
