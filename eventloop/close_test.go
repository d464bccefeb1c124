package eventloop_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
)

func closeSpecs(kind string) {
	Describe("Close", func() {
		It("is refused while the loop runs, which goes on", func(ctx SpecContext) { // A41
			w := newRealWorld(kind)
			w.background()
			Expect(w.Close()).To(MatchError(eventloop.ErrLoopRunning))
			var inside error
			w.on(ctx, func() { inside = w.Close() })
			Expect(inside).To(MatchError(eventloop.ErrLoopRunning))
			Expect(w.IsClosed()).To(BeFalse())
			Expect(w.IsRunning()).To(BeTrue())
		}, bounded)

		It("does nothing the second time", func() { // A42
			w := newWorld(kind)
			Expect(w.Close()).To(Succeed())
			Expect(w.IsClosed()).To(BeTrue())
			Expect(w.Close()).To(Succeed())
		})

		It("drops what is queued without running it", func() { // A43
			w, t := newWorld(kind), &trace{}
			r, _ := readablePipe("x")
			w.CallSoon(t.adds("soon"))
			w.CallLater(0, t.adds("timer"))
			Expect(w.Post(t.adds("posted"))).To(Succeed())
			w.watch(r, t.adds("io"))
			Expect(w.Close()).To(Succeed())
			Expect(w.RunForever()).To(MatchError(eventloop.ErrLoopClosed))
			Expect(t.take()).To(BeEmpty())
		})

		It("gives back the loop's own descriptors and leaves the program's open", func() { // A44 C25
			before := descriptors()
			w := newWorld(kind)
			r, out := readablePipe("x")
			w.watch(r, func() {})
			Expect(w.Close()).To(Succeed())
			Expect(opened(before)).To(ConsistOf(r.fd, out.fd))
		})

		It("does not wait for the executor", func(ctx SpecContext) { // A44 O18
			w := newRealWorld(kind)
			release, finished := make(chan bool), make(chan bool)
			f := eventloop.RunInExecutor(w.Loop, func() (int, error) {
				<-release
				close(finished)
				return 0, nil
			})
			Expect(w.Close()).To(Succeed())
			Expect(f.Done()).To(BeFalse())
			close(release)
			Eventually(ctx, finished).Should(BeClosed())
		}, bounded)

		It("forgets the policy's entry of its loop", func() {
			w := newWorld(kind)
			eventloop.Set(w.Loop)
			Expect(eventloop.Get()).To(BeIdenticalTo(w.Loop))
			Expect(w.Close()).To(Succeed())
			_, err := eventloop.Get()
			Expect(err).To(MatchError(eventloop.ErrNoEventLoop))
		})
	})

	Describe("a closed loop", func() {
		closed := func() *world {
			w := newWorld(kind)
			Expect(w.Close()).To(Succeed())
			return w
		}
		closedPanic := PanicWith(MatchError(eventloop.ErrLoopClosed))

		It("refuses to schedule", func() { // A45
			w := closed()
			Expect(func() { w.CallSoon(func() {}) }).To(closedPanic)
			Expect(func() { w.CallLater(0, func() {}) }).To(closedPanic)
			Expect(func() { w.CallAt(time.Now(), func() {}) }).To(closedPanic)
		})

		It("refuses to run", func() { // A45
			w := closed()
			Expect(w.RunForever()).To(MatchError(eventloop.ErrLoopClosed))
			Expect(w.Do(context.Background(), func() error { return nil })).To(MatchError(eventloop.ErrLoopClosed))
		})

		It("gives failed futures", func() { // A45
			w := closed()
			expectClosed := func(err error) {
				GinkgoHelper()
				Expect(err).To(MatchError(eventloop.ErrLoopClosed))
			}
			f := eventloop.RunInExecutor(w.Loop, func() (int, error) { return 1, nil })
			Expect(f.Done()).To(BeTrue())
			expectClosed(f.Err())
			server := w.CreateServer(newEcho, "tcp", "127.0.0.1:0", nil)
			Expect(server.Done()).To(BeTrue())
			expectClosed(server.Err())
			connection := w.CreateConnection(newEcho, "tcp", "127.0.0.1:1", nil)
			Expect(connection.Done()).To(BeTrue())
			expectClosed(connection.Err())
			task := eventloop.CreateTask(w.Loop, func(context.Context) (int, error) { return 1, nil })
			Expect(task.Done()).To(BeTrue())
			expectClosed(task.Err())
		})
	})
}
