package eventloop_test

import (
	"context"
	"errors"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
)

func doSpecs(kind string) {
	Describe("Do", func() {
		It("runs a function on the loop's goroutine and returns what it returns", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			var inside asked
			Expect(w.Do(ctx, func() error { inside = ask(); return errSpec })).To(MatchError(errSpec))
			Expect(inside.Loop).To(BeIdenticalTo(w.Loop))
			Expect(w.Do(ctx, func() error { return nil })).To(Succeed())
		}, bounded)

		It("returns a panic as an error, and the loop goes on", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			err := w.Do(ctx, func() error { panic("in Do") })
			var p *eventloop.PanicError
			Expect(errors.As(err, &p)).To(BeTrue())
			Expect(p.Value).To(Equal("in Do"))
			w.on(ctx, func() {})
		}, bounded)

		It("runs at once when the loop itself calls", func() {
			w, t := newWorld(kind), &trace{}
			var inCallback, inTask, panicked error
			w.CallSoon(func() {
				inCallback = w.Do(context.Background(), func() error { t.add("inner"); return errSpec })
				t.add("outer")
			})
			task := spawn(w, func(ctx context.Context) error {
				inTask = w.Do(ctx, func() error { return errSpec })
				panicked = w.Do(ctx, func() error { panic("inside") })
				return nil
			})
			Expect(finish(w, task)).To(Succeed())
			Expect(t.take()).To(Equal([]string{"inner", "outer"}))
			Expect(inCallback).To(MatchError(errSpec))
			Expect(inTask).To(MatchError(errSpec))
			Expect(panicked).To(MatchError("panic: inside"))
		})

		It("does not run the function if the context ends before its turn", func(ctx SpecContext) {
			w, t := newRealWorld(kind), &trace{}
			Expect(w.Do(expired(), func() error { t.add("ran"); return nil })).To(MatchError(errSpec))
			limited, cancel := context.WithTimeout(ctx, 5*time.Millisecond)
			defer cancel()
			Expect(w.Do(limited, func() error { t.add("ran"); return nil })).To(MatchError(context.DeadlineExceeded))
			w.once()
			Expect(t.take()).To(BeEmpty())
		}, bounded)

		It("refuses nil", func(ctx SpecContext) {
			w := newWorld(kind)
			Expect(w.Do(ctx, nil)).To(MatchError(ContainSubstring("nil callback given to Do")))
		}, bounded)

		It("works from another loop's task, which waits", func(ctx SpecContext) {
			w, other := newRealWorld(kind), newRealWorld(kind)
			w.background()
			other.background()
			var inside asked
			task := spawn(other, func(ctx context.Context) error {
				return w.Do(ctx, func() error { inside = ask(); return nil })
			})
			_, err := task.Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(inside.Loop).To(BeIdenticalTo(w.Loop))
		}, bounded)
	})
}
