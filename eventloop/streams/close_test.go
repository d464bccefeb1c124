package streams_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/streams"
	"github.com/tidemill-go/tidemill/protocols"
)

func closeSpecs(kind string) {
	Describe("Conn.Close", func() {
		var w *world
		BeforeEach(func() { w = newWorld(kind) })

		It("ends the calls that wait, and refuses later ones", func(ctx context.Context) {
			c, _ := w.dial(ctx, streams.ConnConfig{})
			read, write := reads(c, make([]byte, 1)), clog(c)
			second := waits(c, func() (int, error) { return c.Write([]byte("x")) })
			Expect(c.Close()).To(Succeed())
			Eventually(ctx, read).Should(Receive(HaveField("Err", opError("read", net.ErrClosed))))
			Eventually(ctx, write).Should(Receive(HaveField("Err", opError("write", net.ErrClosed))))
			Eventually(ctx, second).Should(Receive(HaveField("Err", opError("write", net.ErrClosed))))
			Expect(c.Read(nil)).Error().To(opError("read", net.ErrClosed))
			Expect(c.Write(nil)).Error().To(opError("write", net.ErrClosed))
			Expect(c.Close()).To(opError("close", net.ErrClosed))
			c.Abort()
			Expect(c.WaitClosed(ctx)).To(Succeed())
		}, bounded)

		It("sends what was written", func(ctx context.Context) {
			want := pattern(1 << 20)
			for range 20 {
				c, peer := w.dial(ctx, streams.ConnConfig{})
				over := make(chan error, 1)
				go func() {
					_, err := pieces(c, want, 3000)
					over <- errors.Join(err, c.Close())
				}()
				got, err := io.ReadAll(peer)
				Expect(err).NotTo(HaveOccurred())
				Expect(bytes.Equal(got, want)).To(BeTrue(), "%d bytes of %d", len(got), len(want))
				Eventually(ctx, over).Should(Receive(BeNil()))
				Expect(c.WaitClosed(ctx)).To(Succeed())
			}
		}, bounded)

		It("sends what the loop has not seen yet, after the end of writing", func(ctx context.Context) {
			c, peer := w.dial(ctx, streams.ConnConfig{})
			release := w.blocked(ctx)
			defer release()
			Expect(c.Write([]byte("hello"))).To(Equal(5))
			Expect(c.CloseWrite()).To(Succeed())
			Expect(c.Close()).To(Succeed())
			release()
			Expect(io.ReadAll(peer)).To(Equal([]byte("hello")))
		}, bounded)

		It("sends what is written while the loop is sending", func(ctx context.Context) {
			m := w.meddle(ctx)
			m.during = func() {
				_, _ = m.Conn.Write([]byte("second"))
				_ = m.Conn.Close()
			}
			Expect(m.Conn.Write([]byte("first, "))).To(Equal(7))
			got, err := io.ReadAll(m.peer)
			Expect(err).NotTo(HaveOccurred())
			Expect(string(got)).To(Equal("first, second"))
		}, bounded)

		It("sends what was written before writing was paused", func(ctx context.Context) {
			m := w.meddle(ctx)
			m.during = func() {
				_, _ = m.Conn.Write([]byte("second"))
				m.Conn.PauseWriting()
				_ = m.Conn.Close()
			}
			Expect(m.Conn.Write([]byte("first, "))).To(Equal(7))
			got, err := io.ReadAll(m.peer)
			Expect(err).NotTo(HaveOccurred())
			Expect(string(got)).To(Equal("first, second"))
		}, bounded)

		It("keeps the addresses", func(ctx context.Context) {
			c, peer := w.dial(ctx, streams.ConnConfig{})
			Expect(c.Close()).To(Succeed())
			Expect(c.WaitClosed(ctx)).To(Succeed())
			Expect(c.LocalAddr()).To(Equal(peer.RemoteAddr()))
			Expect(c.RemoteAddr()).To(Equal(peer.LocalAddr()))
		}, bounded)

		It("gives a peer that does not read the linger time", func(ctx context.Context) {
			c, peer := w.dial(ctx, streams.ConnConfig{Linger: 10 * time.Millisecond})
			over := clog(c)
			Expect(c.Close()).To(Succeed())
			Eventually(ctx, over).Should(Receive())
			Expect(c.WaitClosed(ctx)).To(Succeed())
			Expect(w.Do(ctx, func() error { return nil })).To(Succeed())
			got, err := io.Copy(io.Discard, peer)
			Expect(err).NotTo(HaveOccurred())
			Expect(got).To(BeNumerically(">", 0))
		}, bounded)

		It("waits for ever with a negative linger time, until Abort", func(ctx context.Context) {
			c, _ := w.dial(ctx, streams.ConnConfig{Linger: -1})
			over := clog(c)
			Expect(c.Close()).To(Succeed())
			Eventually(ctx, over).Should(Receive())
			closed := waits(c, func() (int, error) { return 0, c.WaitClosed(ctx) })
			Consistently(closed).WithTimeout(30 * time.Millisecond).ShouldNot(Receive())
			c.Abort()
			Eventually(ctx, closed).Should(Receive(Equal(outcome{})))
		}, bounded)
	})

	Describe("Conn.Abort", func() {
		It("drops what the loop has not seen yet", func(ctx context.Context) {
			w := newWorld(kind)
			c, peer := w.dial(ctx, streams.ConnConfig{})
			release := w.blocked(ctx)
			defer release()
			Expect(c.Write([]byte("hello"))).To(Equal(5))
			c.Abort()
			release()
			Expect(c.WaitClosed(ctx)).To(Succeed())
			Expect(io.ReadAll(peer)).To(BeEmpty())
			Expect(c.Write([]byte("x"))).Error().To(opError("write", net.ErrClosed))
		}, bounded)
	})

	Describe("Conn.WaitClosed", func() {
		It("stops waiting when its context ends", func(ctx context.Context) {
			c, _ := newWorld(kind).dial(ctx, streams.ConnConfig{})
			cause := errors.New("enough")
			short, cancel := context.WithCancelCause(ctx)
			over := waits(c, func() (int, error) { return 0, c.WaitClosed(short) })
			cancel(cause)
			Eventually(ctx, over).Should(Receive(Equal(outcome{0, cause})))
			Expect(c.Write([]byte("x"))).To(Equal(1))
		}, bounded)
	})

	Describe("Conn.WithContext", func() {
		It("ends Reads and Writes with the context, and no others", func(ctx context.Context) {
			c, peer := newWorld(kind).dial(ctx, streams.ConnConfig{})
			cause := errors.New("enough")
			short, cancel := context.WithCancelCause(ctx)
			b := c.WithContext(short)
			plain := reads(c, make([]byte, 1))
			read := waits(c, func() (int, error) { return b.Read(make([]byte, 1)) })
			write := waits(c, func() (int, error) { return b.Write(make([]byte, 64<<20)) })
			cancel(cause)
			Eventually(ctx, read).Should(Receive(HaveField("Err", opError("read", cause))))
			Eventually(ctx, write).Should(Receive(HaveField("Err", opError("write", cause))))
			Expect(plain).NotTo(Receive())
			Expect(peer.Write([]byte("x"))).To(Equal(1))
			Eventually(ctx, plain).Should(Receive(Equal(outcome{1, nil})))
			Expect(peer.Write([]byte("y"))).To(Equal(1))
			Eventually(ctx, func() int { in, _ := c.Held(); return in }).Should(Equal(1))
			Expect(b.Read(make([]byte, 1))).To(Equal(1), "what is there wins over an ended context")
		}, bounded)
	})
}

func lossSpecs(kind string) {
	Describe("the loss of a Conn's connection", func() {
		var w *world
		BeforeEach(func() { w = newWorld(kind) })

		It("by a reset ends Read and Write with the peer's error, the input first", func(ctx context.Context) {
			c, peer := w.dial(ctx, streams.ConnConfig{})
			Expect(peer.Write([]byte("last"))).To(Equal(4))
			Eventually(ctx, func() int { in, _ := c.Held(); return in }).Should(Equal(4))
			write := clog(c)
			Expect(peer.SetLinger(0)).To(Succeed())
			Expect(peer.Close()).To(Succeed())
			Eventually(ctx, write).Should(Receive(HaveField("Err", opError("write", errReset))))
			Expect(c.Read(make([]byte, 9))).To(Equal(4))
			Expect(c.Read(make([]byte, 9))).Error().To(readReset(kind))
			Expect(c.Write([]byte("x"))).Error().To(opError("write", errReset))
			Expect(c.WaitClosed(ctx)).To(MatchError(errReset))
			Expect(c.Close()).To(Succeed())
		}, bounded)

		It("by a reset ends a Read that waits", func(ctx context.Context) {
			c, peer := w.dial(ctx, streams.ConnConfig{})
			over := reads(c, make([]byte, 1))
			Expect(peer.SetLinger(0)).To(Succeed())
			Expect(peer.Close()).To(Succeed())
			Eventually(ctx, over).Should(Receive(HaveField("Err", readReset(kind))))
		}, bounded)

		It("by somebody who closes the transport is net.ErrClosed", func(ctx context.Context) {
			c, _ := w.dial(ctx, streams.ConnConfig{})
			over := reads(c, make([]byte, 1))
			w.on(ctx, func() { _ = c.Transport().Close() })
			Eventually(ctx, over).Should(Receive(HaveField("Err", opError("read", net.ErrClosed))))
			Expect(c.Write([]byte("x"))).Error().To(opError("write", net.ErrClosed))
			Expect(c.WaitClosed(ctx)).To(Succeed())
		}, bounded)

		It("by the loop's Close ends every call that waits", func(ctx context.Context) {
			c, _ := w.dial(ctx, streams.ConnConfig{})
			l := w.listen(ctx, nil)
			read, write := reads(c, make([]byte, 1)), clog(c)
			closed := waits(c, func() (int, error) { return 0, c.WaitClosed(ctx) })
			accept := make(chan error, 1)
			go func() {
				_, err := l.Accept()
				accept <- err
			}()
			Eventually(ctx, func() int { n, _ := l.Waiting(); return n }).Should(Equal(1))
			w.close()
			Eventually(ctx, read).Should(Receive(HaveField("Err", opError("read", eventloop.ErrLoopClosed))))
			Eventually(ctx, write).Should(Receive(HaveField("Err", opError("write", eventloop.ErrLoopClosed))))
			Eventually(ctx, closed).Should(Receive(HaveField("Err", MatchError(eventloop.ErrLoopClosed))))
			Eventually(ctx, accept).Should(Receive(opError("accept", eventloop.ErrLoopClosed)))
			Expect(l.Close()).To(opError("close", eventloop.ErrLoopClosed))
			Expect(c.Close()).To(Succeed())
		}, bounded)

		It("by the loop's Close is noticed by whoever comes later", func(ctx context.Context) {
			c, _ := w.dial(ctx, streams.ConnConfig{})
			d, _ := w.dial(ctx, streams.ConnConfig{})
			l := w.listen(ctx, nil)
			w.close()
			Expect(c.Read(make([]byte, 1))).Error().To(opError("read", eventloop.ErrLoopClosed))
			Expect(d.Write([]byte("x"))).Error().To(opError("write", eventloop.ErrLoopClosed))
			_, err := l.Accept()
			Expect(err).To(opError("accept", eventloop.ErrLoopClosed))
		}, bounded)
	})

	Describe("NewConn", func() {
		var w *world
		BeforeEach(func() { w = newWorld(kind) })

		It("makes the protocol of a server's connection", func(ctx context.Context) {
			conns := make(chan *streams.Conn, 1)
			server, err := w.CreateServer(func() protocols.Protocol {
				c := streams.NewConn(w.Loop, nil)
				conns <- c
				return c
			}, "tcp", "127.0.0.1:0", nil).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			peer, err := net.Dial("tcp", server.Addrs()[0].String())
			Expect(err).NotTo(HaveOccurred())
			defer func() { _ = peer.Close() }()
			var c *streams.Conn
			Eventually(ctx, conns).Should(Receive(&c))
			Expect(c.Write([]byte("hello"))).To(Equal(5))
			Expect(io.ReadFull(peer, make([]byte, 5))).To(Equal(5))
			Expect(c.Close()).To(Succeed())
		}, bounded)

		It("makes one whose Read and Write wait for the connection", func(ctx context.Context) {
			c := streams.NewConn(w.Loop, nil)
			Expect(c.LocalAddr()).To(BeNil())
			Expect(c.RemoteAddr()).To(BeNil())
			Expect(c.Transport()).To(BeNil())
			read := reads(c, make([]byte, 1))
			write := waits(c, func() (int, error) { return c.Write([]byte("x")) })
			l, err := net.Listen("tcp", "127.0.0.1:0")
			Expect(err).NotTo(HaveOccurred())
			defer func() { _ = l.Close() }()
			_, err = w.CreateConnection(func() protocols.Protocol { return c }, "tcp", l.Addr().String(), nil).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			Eventually(ctx, write).Should(Receive(Equal(outcome{1, nil})))
			peer, err := l.Accept()
			Expect(err).NotTo(HaveOccurred())
			defer func() { _ = peer.Close() }()
			Expect(peer.Write([]byte("y"))).To(Equal(1))
			Eventually(ctx, read).Should(Receive(Equal(outcome{1, nil})))
			Expect(c.Close()).To(Succeed())
		}, bounded)

		It("makes one that can be closed before there is a connection", func(ctx context.Context) {
			c := streams.NewConn(w.Loop, nil)
			read := reads(c, make([]byte, 1))
			Expect(c.Close()).To(Succeed())
			Eventually(ctx, read).Should(Receive(HaveField("Err", opError("read", net.ErrClosed))))
			l, err := net.Listen("tcp", "127.0.0.1:0")
			Expect(err).NotTo(HaveOccurred())
			defer func() { _ = l.Close() }()
			_, err = w.CreateConnection(func() protocols.Protocol { return c }, "tcp", l.Addr().String(), nil).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(c.WaitClosed(ctx)).To(Succeed())
		}, bounded)

		It("makes one for a single connection: the second is aborted and reported", func(ctx context.Context) {
			c, peer := w.dial(ctx, streams.ConnConfig{})
			l, err := net.Listen("tcp", "127.0.0.1:0")
			Expect(err).NotTo(HaveOccurred())
			defer func() { _ = l.Close() }()
			_, err = w.CreateConnection(func() protocols.Protocol { return c }, "tcp", l.Addr().String(), nil).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			second, err := l.Accept()
			Expect(err).NotTo(HaveOccurred())
			defer func() { _ = second.Close() }()
			Expect(io.ReadAll(second)).To(BeEmpty())
			Expect(w.reports()).To(ConsistOf(HaveField("Err", MatchError(eventloop.ErrInvalidState))))
			Expect(peer.Write([]byte("x"))).To(Equal(1))
			Expect(c.Read(make([]byte, 9))).To(Equal(1))
		}, bounded)

		It("makes one for its own loop: another's connection is aborted and reported", func(ctx context.Context) {
			other := newLoop(kind)
			l, err := net.Listen("tcp", "127.0.0.1:0")
			Expect(err).NotTo(HaveOccurred())
			defer func() { _ = l.Close() }()
			c := streams.NewConn(w.Loop, nil)
			_, err = other.CreateConnection(func() protocols.Protocol { return c }, "tcp", l.Addr().String(), nil).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			peer, err := l.Accept()
			Expect(err).NotTo(HaveOccurred())
			defer func() { _ = peer.Close() }()
			Expect(io.ReadAll(peer)).To(BeEmpty())
			Expect(other.reports()).To(ConsistOf(HaveField("Err", MatchError(eventloop.ErrInvalidState))))
			Expect(c.Transport()).To(BeNil())
		}, bounded)
	})
}
