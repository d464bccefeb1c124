package eventloop_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
)

func cancelSpecs(kind string) {
	Describe("cancelling a task", func() {
		It("ends its wait with ErrCancelled, and with that the task", func() {
			w := newWorld(kind)
			var wait error
			task := spawn(w, func(ctx context.Context) error {
				wait = eventloop.Sleep(ctx, time.Hour)
				return wait
			})
			w.once()
			Expect(task.Cancel()).To(BeTrue())
			Expect(finish(w, task)).To(MatchError(eventloop.ErrCancelled))
			Expect(wait).To(MatchError(eventloop.ErrCancelled))
			Expect(wait).To(MatchError(context.Canceled))
			Expect(task.Cancelled()).To(BeTrue())
			Expect(task.Cancel()).To(BeFalse())
		})

		It("is delivered at the next wait of a task that is not waiting", func() {
			w, t := newWorld(kind), &trace{}
			var task *eventloop.Task[none]
			task = spawn(w, func(ctx context.Context) error {
				task.Cancel()
				t.add("went on")
				err := eventloop.Sleep(ctx, 0)
				t.add(err.Error())
				return err
			})
			Expect(finish(w, task)).To(MatchError(eventloop.ErrCancelled))
			Expect(t.take()).To(Equal([]string{"went on", "cancelled"}))
		})

		It("can be survived, and asked for again", func() {
			w := newWorld(kind)
			var first, second error
			task := spawn(w, func(ctx context.Context) error {
				first = eventloop.Sleep(ctx, time.Hour)
				second = eventloop.Sleep(ctx, time.Hour)
				return nil
			})
			w.once()
			task.Cancel()
			w.once()
			Expect(first).To(MatchError(eventloop.ErrCancelled))
			Expect(task.Done()).To(BeFalse())
			task.Cancel()
			Expect(finish(w, task)).To(Succeed())
			Expect(second).To(MatchError(eventloop.ErrCancelled))
			Expect(task.Cancelled()).To(BeFalse())
		})

		It("keeps a task that has not begun from beginning", func() {
			w, t := newWorld(kind), &trace{}
			task := spawn(w, func(context.Context) error { t.add("began"); return nil })
			Expect(task.Cancel()).To(BeTrue())
			Expect(finish(w, task)).To(MatchError(eventloop.ErrCancelled))
			Expect(t.take()).To(BeEmpty())
		})

		It("cancels the future and the task that it awaits", func() {
			w := newWorld(kind)
			f := eventloop.NewFuture[int](w.Loop)
			inner := spawn(w, func(ctx context.Context) error {
				_, err := f.Await(ctx)
				return err
			})
			outer := spawn(w, func(ctx context.Context) error {
				_, err := inner.Await(ctx)
				return err
			})
			w.once()
			outer.Cancel()
			Expect(finish(w, outer)).To(MatchError(eventloop.ErrCancelled))
			Expect(inner.Cancelled()).To(BeTrue())
			Expect(f.Cancelled()).To(BeTrue())
		})

		It("cancels its timer too", func() {
			w := newWorld(kind)
			task := spawn(w, func(ctx context.Context) error { return eventloop.Sleep(ctx, time.Hour) })
			w.once()
			task.Cancel()
			Expect(finish(w, task)).To(MatchError(eventloop.ErrCancelled))
			w.clock.Advance(2 * time.Hour)
			w.once()
		})
	})
}
