package eventloop_test

import (
	"context"
	"errors"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
)

var errSpec = errors.New("an error of the spec")

func runUntilCompleteSpecs(kind string) {
	Describe("RunUntilComplete", func() {
		It("returns the result of a future", func() { // A35
			w := newWorld(kind)
			f := eventloop.NewFuture[string](w.Loop)
			w.CallSoon(func() { f.SetResult("done") })
			Expect(eventloop.RunUntilComplete(w.Loop, f)).To(Equal("done"))
			Expect(w.IsRunning()).To(BeFalse())
		})

		It("returns the error of a future", func() { // A35
			w := newWorld(kind)
			f := eventloop.NewFuture[string](w.Loop)
			w.CallSoon(func() { f.SetError(errSpec) })
			_, err := eventloop.RunUntilComplete(w.Loop, f)
			Expect(err).To(MatchError(errSpec))
		})

		It("returns the result of a task", func() {
			w := newJumpingWorld(kind)
			task := eventloop.CreateTask(w.Loop, func(ctx context.Context) (int, error) {
				return 42, eventloop.Sleep(ctx, time.Hour)
			})
			Expect(eventloop.RunUntilComplete(w.Loop, task)).To(Equal(42))
		})

		When("the loop is stopped before", func() {
			It("returns ErrInvalidState and leaves the future to a later run", func() { // A36
				w := newWorld(kind)
				f := eventloop.NewFuture[int](w.Loop)
				w.CallSoon(w.Stop)
				_, err := eventloop.RunUntilComplete(w.Loop, f)
				Expect(err).To(MatchError(eventloop.ErrInvalidState))
				Expect(err).To(MatchError(ContainSubstring("stopped before")))
				Expect(f.Done()).To(BeFalse())
				w.CallSoon(func() { f.SetResult(5) })
				Expect(eventloop.RunUntilComplete(w.Loop, f)).To(Equal(5))
			})

			It("does not stop a later run when the future is done then", func(ctx SpecContext) { // A39
				w, t := newWorld(kind), &trace{}
				f := eventloop.NewFuture[int](w.Loop)
				w.Stop()
				_, err := eventloop.RunUntilComplete(w.Loop, f)
				Expect(err).To(MatchError(eventloop.ErrInvalidState))
				w.CallSoon(func() {
					f.SetResult(1)
					w.CallSoon(func() {
						w.CallSoon(func() { t.add("third iteration"); w.Stop() })
					})
				})
				Expect(w.run(ctx)).To(Succeed())
				Expect(t.take()).To(Equal([]string{"third iteration"}))
			}, bounded)

			It("does not stop a later run when the future became done in the last batch", func(ctx SpecContext) { // A39
				w, t := newWorld(kind), &trace{}
				f := eventloop.NewFuture[int](w.Loop)
				w.CallSoon(func() { w.Stop(); f.SetResult(3) })
				Expect(eventloop.RunUntilComplete(w.Loop, f)).To(Equal(3))
				w.CallSoon(func() { w.CallSoon(func() { t.add("second iteration"); w.Stop() }) })
				Expect(w.run(ctx)).To(Succeed())
				Expect(t.take()).To(Equal([]string{"second iteration"}))
			}, bounded)
		})

		It("passes once through the loop for a future that is done already", func() { // A37
			w, t := newWorld(kind), &trace{}
			f := eventloop.NewFuture[int](w.Loop)
			f.SetResult(9)
			w.CallSoon(t.adds("pass"))
			Expect(eventloop.RunUntilComplete(w.Loop, f)).To(Equal(9))
			Expect(t.take()).To(Equal([]string{"pass"}))
		})

		It("refuses a future of another loop and touches neither", func() { // A38
			w, other := newWorld(kind), newWorld(kind)
			f := eventloop.NewFuture[int](other.Loop)
			_, err := eventloop.RunUntilComplete(w.Loop, f)
			Expect(err).To(MatchError(eventloop.ErrInvalidState))
			Expect(err).To(MatchError(ContainSubstring("another loop")))
			Expect(f.Done()).To(BeFalse())
			Expect(w.IsRunning()).To(BeFalse())
		})

		It("returns ErrLoopClosed on a closed loop", func() { // A45
			w := newWorld(kind)
			f := eventloop.NewFuture[int](w.Loop)
			Expect(w.Close()).To(Succeed())
			_, err := eventloop.RunUntilComplete(w.Loop, f)
			Expect(err).To(MatchError(eventloop.ErrLoopClosed))
		})
	})
}
