package eventloop_test

import (
	"context"
	"runtime"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
)

func runForeverSpecs(kind string) {
	Describe("Stop", func() {
		It("lets the rest of the batch run", func() { // A28
			w, t := newWorld(kind), &trace{}
			w.CallSoon(w.Stop)
			w.CallSoon(t.adds("rest"))
			Expect(w.RunForever()).To(Succeed())
			Expect(t.take()).To(Equal([]string{"rest"}))
		})

		It("leaves what the last batch scheduled for the next run, where it is first", func() { // A29
			w, t := newWorld(kind), &trace{}
			w.CallSoon(func() {
				w.CallSoon(t.adds("left"))
				w.Stop()
			})
			Expect(w.RunForever()).To(Succeed())
			Expect(t.take()).To(BeEmpty())
			w.CallSoon(t.adds("added"))
			w.once()
			Expect(t.take()).To(Equal([]string{"left", "added"}))
		})

		It("limits the next run to one iteration that does not block", func() { // A30
			w, t := newWorld(kind), &trace{}
			r, _ := readablePipe("x")
			forget, watches := w.watch(r, t.adds("io"))
			w.CallLater(0, t.adds("timer"))
			w.CallLater(time.Hour, t.adds("later"))
			w.CallSoon(func() { t.add("queued"); w.CallSoon(t.adds("next")) })
			w.Stop()
			Expect(w.RunForever()).To(Succeed())
			forget()
			ran := []string{"queued", "timer"}
			if watches {
				ran = []string{"queued", "io", "timer"}
			}
			Expect(t.take()).To(Equal(ran))
			w.Stop()
			Expect(w.RunForever()).To(Succeed())
			Expect(t.take()).To(Equal([]string{"next"}))
		})

		It("is remembered for one run only", func(ctx SpecContext) { // A31
			w, t := newWorld(kind), &trace{}
			w.Stop()
			w.Stop()
			Expect(w.RunForever()).To(Succeed())
			w.CallSoon(func() {
				w.CallSoon(func() { t.add("second iteration"); w.Stop() })
			})
			Expect(w.run(ctx)).To(Succeed())
			Expect(t.take()).To(Equal([]string{"second iteration"}))
		}, bounded)

		It("does nothing on a closed loop", func() { // A32
			w := newWorld(kind)
			Expect(w.Close()).To(Succeed())
			Expect(w.Stop).NotTo(Panic())
			Expect(w.RunForever()).To(MatchError(eventloop.ErrLoopClosed))
		})

		It("ends a run from any goroutine", func(ctx SpecContext) {
			w := newRealWorld(kind)
			for range 20 {
				halt := w.background()
				halt()
				Expect(w.IsRunning()).To(BeFalse())
			}
		}, bounded)
	})

	Describe("RunForever", func() {
		It("refuses to run twice at a time and does not disturb the first run", func(ctx SpecContext) { // A33
			w := newRealWorld(kind)
			w.background()
			Expect(w.RunForever()).To(MatchError(eventloop.ErrLoopRunning))
			_, err := eventloop.RunUntilComplete(w.Loop, eventloop.NewFuture[int](w.Loop))
			Expect(err).To(MatchError(eventloop.ErrLoopRunning))
			Expect(w.IsRunning()).To(BeTrue())
			w.on(ctx, func() {})
		}, bounded)

		It("refuses its own callbacks and tasks", func(ctx SpecContext) { // A33
			w := newWorld(kind)
			var inCallback, inTask error
			var running *eventloop.Loop
			w.CallSoon(func() { inCallback = w.RunForever() })
			task := eventloop.CreateTask(w.Loop, func(context.Context) (int, error) {
				inTask = w.RunForever()
				running, _ = eventloop.Running()
				return 1, nil
			})
			Expect(eventloop.RunUntilComplete(w.Loop, task)).To(Equal(1))
			Expect(inCallback).To(MatchError(eventloop.ErrLoopRunning))
			Expect(inTask).To(MatchError(eventloop.ErrLoopRunning))
			Expect(running).To(BeIdenticalTo(w.Loop))
		}, bounded)

		It("refuses another loop's callbacks and tasks", func() { // A34
			w, other := newWorld(kind), newWorld(kind)
			var inCallback, inTask, untilComplete error
			w.CallSoon(func() { inCallback = other.RunForever() })
			task := eventloop.CreateTask(w.Loop, func(context.Context) (int, error) {
				inTask = other.RunForever()
				_, untilComplete = eventloop.RunUntilComplete(other.Loop, eventloop.NewFuture[int](other.Loop))
				return 0, nil
			})
			_, err := eventloop.RunUntilComplete(w.Loop, task)
			Expect(err).NotTo(HaveOccurred())
			for _, err := range []error{inCallback, inTask, untilComplete} {
				Expect(err).To(MatchError(eventloop.ErrLoopRunning))
			}
			other.once()
		})

		It("runs beside another loop on another goroutine", func(ctx SpecContext) { // A34
			w, other := newRealWorld(kind), newRealWorld(kind)
			w.background()
			other.background()
			w.on(ctx, func() {})
			other.on(ctx, func() {})
		}, bounded)

		It("runs for a goroutine that has locked its thread", func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			w := newWorld(kind)
			task := eventloop.CreateTask(w.Loop, func(ctx context.Context) (int, error) {
				return 7, eventloop.Sleep(ctx, 0)
			})
			Expect(eventloop.RunUntilComplete(w.Loop, task)).To(Equal(7))
		})
	})

	Describe("IsRunning", func() {
		It("is true exactly inside a run, for every goroutine", func(ctx SpecContext) { // A40
			w := newWorld(kind)
			inside := false
			w.CallSoon(func() { inside = w.IsRunning() })
			Expect(w.IsRunning()).To(BeFalse())
			w.once()
			Expect(inside).To(BeTrue())
			Expect(w.IsRunning()).To(BeFalse())
			halt := w.background()
			Expect(w.IsRunning()).To(BeTrue())
			halt()
			Expect(w.IsRunning()).To(BeFalse())
		}, bounded)
	})
}
