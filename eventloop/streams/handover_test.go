package streams_test

import (
	"bytes"
	"context"
	"io"
	"net"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/streams"
)

func handOverSpecs(kind string) {
	Describe("a Conn of a StreamWriter", func() {
		var (
			w    *world
			r    *streams.StreamReader
			out  *streams.StreamWriter
			peer *net.TCPConn
		)
		BeforeEach(func(ctx context.Context) {
			w = newWorld(kind)
			r, out, peer = w.open(ctx, &streams.OpenConfig{Limit: 1000})
		}, settled)

		// made is Conn, called on the loop; the Conn is aborted with the spec.
		made := func(ctx context.Context) (c *streams.Conn, err error) {
			GinkgoHelper()
			w.on(ctx, func() { c, err = out.Conn(nil) })
			if err == nil {
				DeferCleanup(c.Abort)
			}
			return c, err
		}
		buffered := func(ctx context.Context) func() int {
			return func() (n int) {
				w.on(ctx, func() { n = r.Buffered() })
				return n
			}
		}

		It("reads first what the reader holds", func(ctx context.Context) {
			Expect(peer.Write([]byte("one\ntwo\n"))).To(Equal(8))
			Expect(in(ctx, w, func(ctx context.Context) (string, error) { return line(ctx, r) })).To(Equal("one\n"))
			c, err := made(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(ask(peerOf(peer, c), "three\n")).To(Equal("two\nthree\n"))
		}, bounded)

		It("goes on with input that was paused", func(ctx context.Context) {
			const size = 4 << 20
			go func() {
				_, _ = peer.Write(pattern(size))
				_ = peer.CloseWrite()
			}()
			Eventually(ctx, buffered(ctx)).Should(BeNumerically(">", 2000))
			c, err := made(ctx)
			Expect(err).NotTo(HaveOccurred())
			got, err := io.ReadAll(c)
			Expect(err).NotTo(HaveOccurred())
			Expect(bytes.Equal(got, pattern(size))).To(BeTrue())
		}, bounded)

		It("knows that the input is over", func(ctx context.Context) {
			Expect(peer.Write([]byte("x"))).To(Equal(1))
			Expect(peer.CloseWrite()).To(Succeed())
			Eventually(ctx, buffered(ctx)).Should(Equal(1))
			Expect(in(ctx, w, func(ctx context.Context) (string, error) { return readAll(ctx, r) })).To(Equal("x"))
			c, err := made(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(c.Read(make([]byte, 1))).Error().To(MatchError(io.EOF))
			Expect(c.Write([]byte("still open"))).To(Equal(10))
			Expect(c.Close()).To(Succeed())
			Expect(io.ReadAll(peer)).To(BeEquivalentTo("still open"))
		}, bounded)

		It("waits while writing is paused", func(ctx context.Context) {
			n := 0
			w.on(ctx, func() { n = fill(out) })
			c, err := made(ctx)
			Expect(err).NotTo(HaveOccurred())
			over := waits(c, func() (int, error) { return c.Write([]byte("end")) })
			Expect(io.CopyN(io.Discard, peer, int64(n))).To(BeEquivalentTo(n))
			Eventually(ctx, over).Should(Receive(Equal(outcome{3, nil})))
			Expect(io.ReadFull(peer, make([]byte, 3))).To(Equal(3))
		}, bounded)

		It("leaves nothing for the reader and the writer", func(ctx context.Context) {
			c, err := made(ctx)
			Expect(err).NotTo(HaveOccurred())
			for _, use := range []func() error{
				func() error { _, err := r.ReadLine(ctx); return err },
				func() error { _, err := out.Write([]byte("x")); return err },
				func() error { _, err := out.Conn(nil); return err },
				out.Close,
			} {
				Expect(w.Do(ctx, use)).To(MatchError(eventloop.ErrInvalidState))
			}
			Expect(c.Write([]byte("mine"))).To(Equal(4))
			Expect(io.ReadFull(peer, make([]byte, 4))).To(Equal(4))
		}, bounded)

		It("is refused while a task waits for the stream", func(ctx context.Context) {
			reading := eventloop.CreateTask(w.Loop, func(ctx context.Context) (string, error) { return line(ctx, r) })
			w.on(ctx, func() {})
			_, err := made(ctx)
			Expect(err).To(MatchError(eventloop.ErrInvalidState))
			Expect(peer.Write([]byte("hello\n"))).To(Equal(6))
			Expect(reading.Await(ctx)).To(Equal("hello\n"), "it is not disturbed")
		}, bounded)

		It("is refused when the connection is closed", func(ctx context.Context) {
			Expect(w.Do(ctx, out.Close)).To(Succeed())
			_, err := made(ctx)
			Expect(err).To(MatchError(net.ErrClosed))
		}, bounded)

		It("stays open when the handler that made it returns", func(ctx context.Context) {
			conns := make(chan *streams.Conn, 1)
			s := w.serve(ctx, func(_ context.Context, _ *streams.StreamReader, out *streams.StreamWriter) error {
				c, err := out.Conn(nil)
				conns <- c
				return err
			}, nil)
			client := visit(s)
			var c *streams.Conn
			Eventually(ctx, conns).Should(Receive(&c))
			w.on(ctx, func() {})
			Expect(c.Write([]byte("hello"))).To(Equal(5))
			Expect(c.Close()).To(Succeed())
			Expect(io.ReadAll(client)).To(BeEquivalentTo("hello"))
		}, bounded)
	})
}

// peerOf has a Conn echo to its peer, which it returns.
func peerOf(peer *net.TCPConn, c *streams.Conn) *net.TCPConn {
	go func() {
		_, _ = io.Copy(c, c)
		_ = c.Close()
	}()
	return peer
}
