package eventloop_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
)

// expired is a context that is over.
func expired() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errSpec)
	return ctx
}

func awaitSpecs(kind string) {
	Describe("Await", func() {
		It("suspends a task and lets the loop go on", func() {
			w, t := newWorld(kind), &trace{}
			f := eventloop.NewFuture[int](w.Loop)
			task := spawn(w, func(ctx context.Context) error {
				_, err := f.Await(ctx)
				t.add("woken")
				return err
			})
			w.once()
			w.CallSoon(func() { t.add("callback"); f.SetResult(1) })
			Expect(finish(w, task)).To(Succeed())
			Expect(t.take()).To(Equal([]string{"callback", "woken"}))
		})

		It("blocks any other goroutine until there is a result", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			f := eventloop.NewFuture[int](w.Loop)
			w.on(ctx, func() { w.CallLater(time.Millisecond, func() { f.SetResult(8) }) })
			Expect(f.Await(ctx)).To(Equal(8))
		}, bounded)

		It("refuses with ErrAwaitOnLoop in a callback", func(ctx SpecContext) {
			w := newRealWorld(kind)
			f := eventloop.NewFuture[int](w.Loop)
			var await, sleep, waitFor, closed error
			halt := w.background()
			server := serving(ctx, w, newEcho)
			w.on(ctx, func() {
				_, await = f.Await(context.Background())
				sleep = eventloop.Sleep(context.Background(), time.Hour)
				_, waitFor = eventloop.WaitFor(context.Background(), f, time.Hour)
				closed = server.WaitClosed(context.Background())
				server.Close()
			})
			halt()
			for _, err := range []error{await, sleep, waitFor, closed} {
				Expect(err).To(MatchError(eventloop.ErrAwaitOnLoop))
			}
			Expect(f.Done()).To(BeFalse())
		}, bounded)

		It("returns a result that is there already, whoever asks and whatever the context", func(ctx SpecContext) {
			w := newRealWorld(kind)
			f := eventloop.NewFuture[int](w.Loop)
			f.SetResult(4)
			Expect(f.Await(expired())).To(Equal(4))
			Expect(eventloop.WaitFor(expired(), f, -1)).To(Equal(4))
			var inCallback, inTask int
			w.CallSoon(func() { inCallback, _ = f.Await(expired()) })
			task := spawn(w, func(context.Context) error {
				inTask, _ = f.Await(expired())
				return nil
			})
			Expect(finish(w, task)).To(Succeed())
			Expect(inCallback).To(Equal(4))
			Expect(inTask).To(Equal(4))
		}, bounded)

		It("cancels the future when its context ends first", func(ctx SpecContext) {
			w := newRealWorld(kind)
			halt := w.background()
			f, g := eventloop.NewFuture[int](w.Loop), eventloop.NewFuture[int](w.Loop)
			_, err := f.Await(expired())
			Expect(err).To(MatchError(errSpec))
			inTask := spawn(w, func(ctx context.Context) error {
				ctx, cancel := context.WithTimeout(ctx, time.Millisecond)
				defer cancel()
				_, err := g.Await(ctx)
				return err
			})
			_, err = inTask.Await(ctx)
			Expect(err).To(MatchError(context.DeadlineExceeded))
			w.on(ctx, func() {})
			halt()
			Expect(f.Cancelled()).To(BeTrue())
			Expect(g.Cancelled()).To(BeTrue())
		}, bounded)

		It("works across loops", func(ctx SpecContext) {
			w, other := newRealWorld(kind), newRealWorld(kind)
			w.background()
			other.background()
			far := eventloop.CreateTask(other.Loop, func(ctx context.Context) (int, error) {
				return 11, eventloop.Sleep(ctx, time.Millisecond)
			})
			near := eventloop.CreateTask(w.Loop, func(ctx context.Context) (int, error) { return far.Await(ctx) })
			Expect(near.Await(ctx)).To(Equal(11))
		}, bounded)
	})

	Describe("a future", func() {
		It("calls its callbacks through the loop, in order, also those added late", func() {
			w, t := newWorld(kind), &trace{}
			f := eventloop.NewFuture[int](w.Loop)
			f.AddDoneCallback(func(*eventloop.Future[int]) { t.add("first") })
			f.AddDoneCallback(func(*eventloop.Future[int]) { t.add("second") })
			Expect(f.SetResult(1)).To(BeTrue())
			Expect(f.SetResult(2)).To(BeFalse())
			f.AddDoneCallback(func(*eventloop.Future[int]) { t.add("late") })
			Expect(t.take()).To(BeEmpty())
			w.once()
			Expect(t.take()).To(Equal([]string{"first", "second", "late"}))
			Expect(f.Result()).To(Equal(1))
		})
	})
}
