package streams_test

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/streams"
)

func dialSpecs(kind string) {
	Describe("Dial", func() {
		var w *world
		BeforeEach(func() { w = newWorld(kind) })

		It("returns the error of a port that nobody listens on", func(ctx context.Context) {
			c, err := streams.Dial(ctx, w.Loop, "tcp", deafPort(), nil)
			Expect(c).To(BeNil())
			Expect(err).To(opError("connect", errRefused))
		}, bounded)

		It("refuses a bad address and an unknown network", func(ctx context.Context) {
			_, err := streams.Dial(ctx, w.Loop, "tcp", "nowhere", nil)
			Expect(err).To(MatchError(ContainSubstring("missing port")))
			_, err = streams.Dial(ctx, w.Loop, "carrier-pigeon", "127.0.0.1:1", nil)
			Expect(errors.As(err, new(net.UnknownNetworkError))).To(BeTrue())
		}, bounded)

		It("returns the cause of a context that ends first, and leaves nothing behind", func(ctx context.Context) {
			l := w.listen(ctx, nil)
			cause := errors.New("enough")
			short, cancel := context.WithCancelCause(ctx)
			cancel(cause)
			defer w.blocked(ctx)()
			c, err := streams.Dial(short, w.Loop, "tcp", l.Addr().String(), nil)
			Expect(c).To(BeNil())
			Expect(err).To(BeIdenticalTo(cause))
		}, bounded)

		It("does not tie the connection to its context", func(ctx context.Context) {
			l := w.listen(ctx, nil)
			short, cancel := context.WithCancel(ctx)
			c, err := streams.Dial(short, w.Loop, "tcp", l.Addr().String(), nil)
			Expect(err).NotTo(HaveOccurred())
			defer c.Abort()
			cancel()
			peer, err := l.AcceptConn(ctx)
			Expect(err).NotTo(HaveOccurred())
			defer peer.Abort()
			Expect(peer.Write([]byte("x"))).To(Equal(1))
			Expect(c.Read(make([]byte, 1))).To(Equal(1))
		}, bounded)

		It("returns ErrLoopClosed on a closed loop", func(ctx context.Context) {
			w.close()
			_, err := streams.Dial(ctx, w.Loop, "tcp", "127.0.0.1:1", nil)
			Expect(err).To(MatchError(eventloop.ErrLoopClosed))
		}, bounded)
	})
}

func listenSpecs(kind string) {
	Describe("Listen", func() {
		var w *world
		BeforeEach(func() { w = newWorld(kind) })

		It("refuses a port in use, a bad address and a loop that is closed", func(ctx context.Context) {
			l := w.listen(ctx, nil)
			second, err := streams.Listen(ctx, w.Loop, "tcp", l.Addr().String(), nil)
			Expect(second).To(BeNil())
			Expect(err).To(opError("listen", errInUse))
			_, err = streams.Listen(ctx, w.Loop, "tcp", "nowhere", nil)
			Expect(err).To(MatchError(ContainSubstring("missing port")))
			w.close()
			_, err = streams.Listen(ctx, w.Loop, "tcp", "127.0.0.1:0", nil)
			Expect(err).To(MatchError(eventloop.ErrLoopClosed))
		}, bounded)

		It("returns the cause of a context that has ended, and leaves nothing open", func(ctx context.Context) {
			cause := errors.New("enough")
			short, cancel := context.WithCancelCause(ctx)
			cancel(cause)
			defer w.blocked(ctx)()
			l, err := streams.Listen(short, w.Loop, "tcp", "127.0.0.1:0", nil)
			Expect(l).To(BeNil())
			Expect(err).To(MatchError(cause))
		}, bounded)

		It("leaves a paused server to its StartServing", func(ctx context.Context) {
			l := w.listen(ctx, &streams.ListenConfig{Server: eventloop.ServerConfig{Paused: true}})
			_, err := net.Dial("tcp", l.Addr().String())
			Expect(err).To(MatchError(errRefused))
			Expect(w.Do(ctx, l.Server().StartServing)).To(Succeed())
			c, err := net.Dial("tcp", l.Addr().String())
			Expect(err).NotTo(HaveOccurred())
			Expect(c.Close()).To(Succeed())
		}, bounded)
	})

	Describe("Listener.Accept", func() {
		var (
			w *world
			l *streams.Listener
		)
		BeforeEach(func(ctx context.Context) {
			w = newWorld(kind)
			l = w.listen(ctx, nil)
		}, settled)
		accepts := func(ctx context.Context, call func() (net.Conn, error)) <-chan error {
			GinkgoHelper()
			over := make(chan error, 1)
			go func() {
				c, err := call()
				if err == nil {
					err = c.Close()
				}
				over <- err
			}()
			Eventually(ctx, func() int { n, _ := l.Waiting(); return n }).Should(Equal(1))
			return over
		}

		It("waits for a connection, on a goroutine", func(ctx context.Context) {
			over := accepts(ctx, l.Accept)
			c, err := net.Dial("tcp", l.Addr().String())
			Expect(err).NotTo(HaveOccurred())
			defer func() { _ = c.Close() }()
			Eventually(ctx, over).Should(Receive(BeNil()))
			Expect(io.ReadAll(c)).To(BeEmpty())
		}, bounded)

		It("waits for a connection, in a task", func(ctx context.Context) {
			_, over := w.task(func(context.Context) (int, error) {
				c, err := l.Accept()
				if err != nil {
					return 0, err
				}
				defer func() { _ = c.Close() }()
				return c.Write([]byte("hello"))
			})
			Eventually(ctx, func() int { n, _ := l.Waiting(); return n }).Should(Equal(1))
			c, err := net.Dial("tcp", l.Addr().String())
			Expect(err).NotTo(HaveOccurred())
			defer func() { _ = c.Close() }()
			Eventually(ctx, over).Should(Receive(Equal(outcome{5, nil})))
			Expect(io.ReadAll(c)).To(Equal([]byte("hello")))
		}, bounded)

		It("returns connections with their addresses", func(ctx context.Context) {
			client, err := net.Dial("tcp", l.Addr().String())
			Expect(err).NotTo(HaveOccurred())
			defer func() { _ = client.Close() }()
			c, err := l.Accept()
			Expect(err).NotTo(HaveOccurred())
			defer func() { _ = c.Close() }()
			Expect(c.LocalAddr()).To(Equal(client.RemoteAddr()))
			Expect(c.RemoteAddr()).To(Equal(client.LocalAddr()))
		}, bounded)

		It("ends with a deadline and with its context", func(ctx context.Context) {
			over := accepts(ctx, l.Accept)
			Expect(l.SetDeadline(time.Now().Add(5 * time.Millisecond))).To(Succeed())
			Eventually(ctx, over).Should(Receive(timeout("accept")))
			Expect(l.SetDeadline(time.Time{})).To(Succeed())
			cause := errors.New("enough")
			short, cancel := context.WithCancelCause(ctx)
			over = accepts(ctx, func() (net.Conn, error) { return l.AcceptConn(short) })
			cancel(cause)
			Eventually(ctx, over).Should(Receive(opError("accept", cause)))
		}, bounded)

		It("returns net.ErrClosed once the Listener is closed", func(ctx context.Context) {
			over := accepts(ctx, l.Accept)
			Expect(l.Close()).To(Succeed())
			Eventually(ctx, over).Should(Receive(opError("accept", net.ErrClosed)))
			_, err := l.Accept()
			Expect(err).To(opError("accept", net.ErrClosed))
			Expect(l.Close()).To(opError("close", net.ErrClosed))
			Expect(l.SetDeadline(time.Time{})).To(opError("set", net.ErrClosed))
			Expect(l.Server().WaitClosed(ctx)).To(Succeed())
			_, err = net.Dial("tcp", l.Addr().String())
			Expect(err).To(MatchError(errRefused))
		}, bounded)
	})

	Describe("Listener.Close", func() {
		It("closes the connections that nobody has taken, and no others", func(ctx context.Context) {
			w := newWorld(kind)
			l := w.listen(ctx, nil)
			first, err := net.Dial("tcp", l.Addr().String())
			Expect(err).NotTo(HaveOccurred())
			defer func() { _ = first.Close() }()
			c, err := l.Accept()
			Expect(err).NotTo(HaveOccurred())
			defer func() { _ = c.Close() }()
			second, err := net.Dial("tcp", l.Addr().String())
			Expect(err).NotTo(HaveOccurred())
			defer func() { _ = second.Close() }()
			Eventually(ctx, func() int { _, n := l.Waiting(); return n }).Should(Equal(1))
			Expect(l.Close()).To(Succeed())
			Expect(io.ReadAll(second)).To(BeEmpty())
			Expect(c.Write([]byte("hello"))).To(Equal(5))
			Expect(io.ReadFull(first, make([]byte, 5))).To(Equal(5))
		}, bounded)
	})
}

func pendingSpecs(kind string) {
	Describe("the connections that wait for Accept", func() {
		It("are bounded: the rest is left to the kernel until some are taken", func(ctx context.Context) {
			w := newWorld(kind)
			const clients, pending, turn = 200, 8, 64
			l := w.listen(ctx, &streams.ListenConfig{Pending: pending, Server: eventloop.ServerConfig{Backlog: 2 * clients}})
			for range clients {
				c, err := net.Dial("tcp", l.Addr().String())
				Expect(err).NotTo(HaveOccurred())
				DeferCleanup(c.Close)
			}
			waiting := func() int { _, n := l.Waiting(); return n }
			Eventually(ctx, waiting).Should(BeNumerically(">=", pending))
			for range 3 {
				w.on(ctx, func() {}) // time to accept more
			}
			Expect(waiting()).To(BeNumerically("<", pending+turn))
			for range clients {
				c, err := l.AcceptConn(ctx)
				Expect(err).NotTo(HaveOccurred())
				Expect(c.Close()).To(Succeed())
			}
			Expect(waiting()).To(BeZero())
		}, bounded)
	})
}
