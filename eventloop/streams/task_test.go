package streams_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/streams"
)

// task runs fn as a task of the loop and hands its outcome to the spec.
func (w *world) task(fn func(ctx context.Context) (int, error)) (t *eventloop.Task[int], over <-chan outcome) {
	t = eventloop.CreateTask(w.Loop, fn)
	ch := make(chan outcome, 1)
	go func() {
		n, err := t.Await(context.Background())
		ch <- outcome{n, err}
	}()
	return t, ch
}

func taskSpecs(kind string) {
	Describe("a Conn in a task", func() {
		var (
			w    *world
			c    *streams.Conn
			peer *net.TCPConn
		)
		BeforeEach(func(ctx context.Context) {
			w = newWorld(kind)
			c, peer = w.dial(ctx, streams.ConnConfig{})
		}, settled)

		It("suspends the task in Read, and the loop goes on", func(ctx context.Context) {
			_, over := w.task(func(context.Context) (int, error) { return c.Read(make([]byte, 9)) })
			Eventually(ctx, c.Waiting).Should(Equal(1))
			w.on(ctx, func() {}) // the loop has time for this
			Expect(over).NotTo(Receive())
			Expect(peer.Write([]byte("hello"))).To(Equal(5))
			Eventually(ctx, over).Should(Receive(Equal(outcome{5, nil})))
		}, bounded)

		It("suspends the task in Write while writing is paused, with bounded memory", func(ctx context.Context) {
			const size = 16 << 20
			_, over := w.task(func(context.Context) (int, error) { return c.Write(pattern(size)) })
			Eventually(ctx, c.Waiting).Should(Equal(1))
			var buffered int
			w.on(ctx, func() { buffered = c.Transport().WriteBufferSize() })
			Expect(buffered).To(BeNumerically("<=", 128<<10))
			Expect(over).NotTo(Receive())
			got := make([]byte, size)
			Expect(io.ReadFull(peer, got)).To(Equal(size))
			Expect(bytes.Equal(got, pattern(size))).To(BeTrue())
			Eventually(ctx, over).Should(Receive(Equal(outcome{size, nil})))
		}, bounded)

		It("keeps the order of Writes of goroutines and tasks", func(ctx context.Context) {
			release := w.blocked(ctx)
			defer release()
			Expect(c.Write([]byte("goroutine, "))).To(Equal(11))
			_, over := w.task(func(context.Context) (int, error) { return c.Write([]byte("task")) })
			release()
			Eventually(ctx, over).Should(Receive(Equal(outcome{4, nil})))
			Expect(c.CloseWrite()).To(Succeed())
			got, err := io.ReadAll(peer)
			Expect(err).NotTo(HaveOccurred())
			Expect(string(got)).To(Equal("goroutine, task"))
		}, bounded)

		It("ends its wait with a deadline", func(ctx context.Context) {
			_, over := w.task(func(context.Context) (int, error) {
				if err := c.SetReadDeadline(time.Now().Add(5 * time.Millisecond)); err != nil {
					return 0, err
				}
				return c.Read(make([]byte, 1))
			})
			Eventually(ctx, over).Should(Receive(HaveField("Err", timeout("read"))))
		}, bounded)

		It("ends its wait when the task is cancelled, and can be used on", func(ctx context.Context) {
			var refusal error
			t, over := w.task(func(context.Context) (int, error) {
				_, refusal = c.Read(make([]byte, 1))
				return c.Read(make([]byte, 9))
			})
			Eventually(ctx, c.Waiting).Should(Equal(1))
			w.on(ctx, func() { t.Cancel() })
			Expect(peer.Write([]byte("on"))).To(Equal(2))
			Eventually(ctx, over).Should(Receive(Equal(outcome{2, nil})))
			Expect(refusal).To(opError("read", eventloop.ErrCancelled))
		}, bounded)

		It("ends its wait when a context that it is bound to ends", func(ctx context.Context) {
			_, over := w.task(func(ctx context.Context) (int, error) {
				short, cancel := context.WithTimeout(ctx, 5*time.Millisecond)
				defer cancel()
				return c.WithContext(short).Read(make([]byte, 1))
			})
			Eventually(ctx, over).Should(Receive(HaveField("Err", opError("read", context.DeadlineExceeded))))
		}, bounded)

		It("is not disturbed by a wake-up that comes too late", func(ctx context.Context) {
			start := time.Now()
			t, over := w.task(func(ctx context.Context) (int, error) {
				_, _ = c.Read(make([]byte, 1))
				return 0, eventloop.Sleep(ctx, 50*time.Millisecond)
			})
			Eventually(ctx, c.Waiting).Should(Equal(1))
			in, out := make(chan struct{}), make(chan struct{})
			Expect(w.Post(func() {
				t.Cancel() // the next iteration ends the Read and begins the Sleep
				close(in)
				<-out
			})).To(Succeed())
			Eventually(ctx, in).Should(BeClosed())
			Expect(c.SetReadDeadline(longAgo)).To(Succeed()) // its wake-up follows in that iteration
			close(out)
			Eventually(ctx, over).Should(Receive(Equal(outcome{})))
			Expect(time.Since(start)).To(BeNumerically(">=", 49*time.Millisecond))
		}, bounded)

		It("suspends a task of another loop", func(ctx context.Context) {
			other := newLoop(kind)
			_, over := other.task(func(context.Context) (int, error) {
				n, err := c.Read(make([]byte, 9))
				if err != nil {
					return n, err
				}
				k, err := c.Write(make([]byte, 1<<20))
				return n + k, err
			})
			Eventually(ctx, c.Waiting).Should(Equal(1))
			other.on(ctx, func() {})
			Expect(peer.Write([]byte("x"))).To(Equal(1))
			Expect(io.ReadFull(peer, make([]byte, 1<<20))).To(Equal(1 << 20))
			Eventually(ctx, over).Should(Receive(Equal(outcome{1<<20 + 1, nil})))
		}, bounded)

		It("ends its waits with ErrLoopClosed when the loop is closed", func(ctx context.Context) {
			_, over := w.task(func(context.Context) (int, error) { return c.Read(make([]byte, 1)) })
			Eventually(ctx, c.Waiting).Should(Equal(1))
			w.close()
			Eventually(ctx, over).Should(Receive(HaveField("Err", MatchError(eventloop.ErrLoopClosed))))
			Expect(w.reports()).To(HaveLen(1), "the pending task")
		}, bounded)
	})

	Describe("a Conn on the loop's goroutine outside a task", func() {
		var (
			w    *world
			c    *streams.Conn
			peer *net.TCPConn
		)
		BeforeEach(func(ctx context.Context) {
			w = newWorld(kind)
			c, peer = w.dial(ctx, streams.ConnConfig{})
		}, settled)

		// at calls on the loop and returns what that got.
		at := func(ctx context.Context, l *world, call func() (int, error)) (o outcome) {
			GinkgoHelper()
			l.on(ctx, func() { o.N, o.Err = call() })
			return o
		}

		It("refuses to wait", func(ctx context.Context) {
			Expect(at(ctx, w, func() (int, error) { return c.Read(make([]byte, 1)) })).
				To(HaveField("Err", opError("read", eventloop.ErrAwaitOnLoop)))
			o := at(ctx, w, func() (int, error) { return c.Write(make([]byte, 64<<20)) })
			Expect(o.Err).To(opError("write", eventloop.ErrAwaitOnLoop))
			Expect(o.N).To(BeNumerically(">", 0), "what there was room for")
			Expect(at(ctx, w, func() (int, error) { return 0, c.WaitClosed(ctx) })).
				To(HaveField("Err", MatchError(eventloop.ErrAwaitOnLoop)))
		}, bounded)

		It("refuses to wait on another loop's goroutine as well", func(ctx context.Context) {
			other := newLoop(kind)
			Expect(at(ctx, other, func() (int, error) { return c.Read(make([]byte, 1)) })).
				To(HaveField("Err", opError("read", eventloop.ErrAwaitOnLoop)))
		}, bounded)

		It("reads what is there and writes what there is room for", func(ctx context.Context) {
			Expect(peer.Write([]byte("hello"))).To(Equal(5))
			Eventually(ctx, func() int { in, _ := c.Held(); return in }).Should(Equal(5))
			Expect(at(ctx, w, func() (int, error) { return c.Read(make([]byte, 9)) })).To(Equal(outcome{5, nil}))
			Expect(at(ctx, w, func() (int, error) { return c.Write([]byte("reply")) })).To(Equal(outcome{5, nil}))
			Expect(io.ReadFull(peer, make([]byte, 5))).To(Equal(5))
			Expect(at(ctx, w, func() (int, error) { return 0, c.Close() })).To(Equal(outcome{}))
			Expect(c.WaitClosed(ctx)).To(Succeed())
		}, bounded)

		It("refuses to dial and to accept, and leaves nothing behind", func(ctx context.Context) {
			l := w.listen(ctx, nil)
			Expect(at(ctx, w, func() (int, error) { _, err := l.Accept(); return 0, err })).
				To(HaveField("Err", opError("accept", eventloop.ErrAwaitOnLoop)))
			Expect(at(ctx, w, func() (int, error) {
				_, err := streams.Dial(ctx, w.Loop, "tcp", l.Addr().String(), nil)
				return 0, err
			})).To(HaveField("Err", MatchError(eventloop.ErrAwaitOnLoop)))
		}, bounded)
	})
}
