package streams_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/streams"
)

func writeSpecs(kind string) {
	Describe("Conn.Write", func() {
		var w *world
		BeforeEach(func() { w = newWorld(kind) })

		It("does not wait for the loop while there is room", func(ctx context.Context) {
			c, peer := w.dial(ctx, streams.ConnConfig{})
			release := w.blocked(ctx)
			defer release()
			Expect(c.Write([]byte("hello"))).To(Equal(5))
			release()
			Expect(io.ReadFull(peer, make([]byte, 5))).To(Equal(5))
		}, bounded)

		It("does not keep what it was given", func(ctx context.Context) {
			c, peer := w.dial(ctx, streams.ConnConfig{})
			release := w.blocked(ctx)
			defer release()
			p := []byte("hello")
			Expect(c.Write(p)).To(Equal(5))
			copy(p, "XXXXX")
			release()
			got := make([]byte, 5)
			Expect(io.ReadFull(peer, got)).To(Equal(5))
			Expect(string(got)).To(Equal("hello"))
		}, bounded)

		It("loses and reorders nothing, whatever the pieces", func(ctx context.Context) {
			c, peer := w.dial(ctx, streams.ConnConfig{})
			want := pattern(4 << 20)
			over := make(chan error, 1)
			go func() {
				_, err := pieces(c, want, 200_000)
				over <- err
			}()
			got := make([]byte, len(want))
			Expect(io.ReadFull(peer, got)).To(Equal(len(want)))
			Eventually(ctx, over).Should(Receive(BeNil()))
			Expect(bytes.Equal(got, want)).To(BeTrue())
		}, bounded)

		It("does not mix with other Writes", func(ctx context.Context) {
			c, peer := w.dial(ctx, streams.ConnConfig{})
			const writers, size = 8, 300_000
			over := make(chan outcome, writers)
			for i := range writers {
				go func() {
					n, err := c.Write(bytes.Repeat([]byte{byte(i)}, size))
					over <- outcome{n, err}
				}()
			}
			got := make([]byte, writers*size)
			Expect(io.ReadFull(peer, got)).To(Equal(len(got)))
			for range writers {
				Eventually(ctx, over).Should(Receive(Equal(outcome{size, nil})))
			}
			seen := map[byte]bool{}
			for i := 0; i < len(got); i += size {
				Expect(bytes.Count(got[i:i+size], got[i:i+1])).To(Equal(size))
				seen[got[i]] = true
			}
			Expect(seen).To(HaveLen(writers))
		}, bounded)

		It("accepts nothing without waiting", func(ctx context.Context) {
			c, _ := w.dial(ctx, streams.ConnConfig{})
			Expect(c.Write(nil)).To(BeZero())
		}, bounded)
	})

	Describe("Conn.CloseWrite", func() {
		var w *world
		BeforeEach(func() { w = newWorld(kind) })

		It("sends what was written and the end of it, and the Conn still reads", func(ctx context.Context) {
			c, peer := w.dial(ctx, streams.ConnConfig{})
			want := pattern(2 << 20)
			over := make(chan error, 1)
			go func() {
				_, err := c.Write(want)
				over <- err
				over <- c.CloseWrite()
			}()
			got, err := io.ReadAll(peer)
			Expect(err).NotTo(HaveOccurred())
			Expect(bytes.Equal(got, want)).To(BeTrue())
			Eventually(ctx, over).Should(Receive(BeNil()))
			Eventually(ctx, over).Should(Receive(BeNil()))
			Expect(peer.Write([]byte("reply"))).To(Equal(5))
			Expect(io.ReadFull(c, make([]byte, 5))).To(Equal(5))
		}, bounded)

		It("makes Writes fail, also one that waits", func(ctx context.Context) {
			c, _ := w.dial(ctx, streams.ConnConfig{})
			over := clog(c)
			Expect(c.CloseWrite()).To(Succeed())
			Expect(c.CloseWrite()).To(Succeed())
			Eventually(ctx, over).Should(Receive(HaveField("Err", opError("write", syscall.EPIPE))))
			Expect(c.Write([]byte("x"))).Error().To(opError("write", syscall.EPIPE))
		}, bounded)

		It("is refused after Close and after a loss", func(ctx context.Context) {
			c, _ := w.dial(ctx, streams.ConnConfig{})
			Expect(c.Close()).To(Succeed())
			Expect(c.CloseWrite()).To(opError("close", net.ErrClosed))
			c, peer := w.dial(ctx, streams.ConnConfig{})
			Expect(peer.SetLinger(0)).To(Succeed())
			Expect(peer.Close()).To(Succeed())
			hearReset(kind, c)
			Expect(c.WaitClosed(ctx)).To(MatchError(errReset))
			Expect(c.CloseWrite()).To(opError("close", errReset))
		}, bounded)
	})
}

func flowSpecs(kind string) {
	Describe("flow control of a Conn", func() {
		var w *world
		BeforeEach(func() { w = newWorld(kind) })

		It("makes the peer wait for a program that does not read, with bounded memory", func(ctx context.Context) {
			c, peer := w.dial(ctx, streams.ConnConfig{ReadLimit: 50_000})
			const size = 16 << 20
			over := make(chan outcome, 1)
			go func() {
				n, err := peer.Write(pattern(size))
				over <- outcome{n, err}
			}()
			Eventually(ctx, func() (reading bool) {
				w.on(ctx, func() { reading = c.Transport().IsReading() })
				return reading
			}).Should(BeFalse())
			in, _ := c.Held()
			Expect(in).To(BeNumerically("<=", 50_000))
			Expect(in).To(BeNumerically(">", 25_000))
			Expect(c.Memory()).To(BeNumerically("<=", 50_000))
			Expect(over).NotTo(Receive())
			got := make([]byte, size)
			Expect(io.ReadFull(c, got)).To(Equal(size))
			Expect(bytes.Equal(got, pattern(size))).To(BeTrue())
			Eventually(ctx, over).Should(Receive(Equal(outcome{size, nil})))
		}, bounded)

		It("makes Write wait for a peer that does not read, with bounded memory", func(ctx context.Context) {
			c, peer := w.dial(ctx, streams.ConnConfig{})
			const size = 16 << 20
			over := waits(c, func() (int, error) { return c.Write(pattern(size)) })
			var buffered, high int
			Eventually(ctx, func() int {
				w.on(ctx, func() {
					buffered, high = c.Transport().WriteBufferSize(), c.Transport().WriteBufferLimits().High
				})
				return buffered
			}).Should(BeNumerically(">", high))
			Expect(buffered).To(BeNumerically("<=", high+64<<10))
			_, out := c.Held()
			Expect(out).To(BeNumerically("<=", 64<<10))
			Expect(over).NotTo(Receive())
			got := make([]byte, size)
			Expect(io.ReadFull(peer, got)).To(Equal(size))
			Expect(bytes.Equal(got, pattern(size))).To(BeTrue())
			Eventually(ctx, over).Should(Receive(Equal(outcome{size, nil})))
		}, bounded)
	})
}
