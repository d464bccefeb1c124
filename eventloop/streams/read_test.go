package streams_test

import (
	"context"
	"io"
	"math/rand/v2"
	"net"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/streams"
)

func readSpecs(kind string) {
	Describe("Conn.Read", func() {
		var w *world
		BeforeEach(func() { w = newWorld(kind) })

		It("waits for input", func(ctx context.Context) {
			c, peer := w.dial(ctx, streams.ConnConfig{})
			p := make([]byte, 10)
			over := reads(c, p)
			Expect(over).NotTo(Receive())
			Expect(peer.Write([]byte("hello"))).To(Equal(5))
			Eventually(ctx, over).Should(Receive(Equal(outcome{5, nil})))
			Expect(string(p[:5])).To(Equal("hello"))
		}, bounded)

		It("returns what is there without the loop", func(ctx context.Context) {
			c, peer := w.dial(ctx, streams.ConnConfig{})
			Expect(peer.Write([]byte("hello"))).To(Equal(5))
			Eventually(ctx, func() int { in, _ := c.Held(); return in }).Should(Equal(5))
			release := w.blocked(ctx)
			defer release()
			p := make([]byte, 3)
			Expect(c.Read(p)).To(Equal(3))
			Expect(c.Read(p)).To(Equal(2))
			Expect(string(p[:2])).To(Equal("lo"))
		}, bounded)

		It("returns nothing into no memory, without waiting", func(ctx context.Context) {
			c, _ := w.dial(ctx, streams.ConnConfig{})
			Expect(c.Read(nil)).To(BeZero())
		}, bounded)

		It("returns io.EOF for ever after the peer's end, and the Conn still writes", func(ctx context.Context) {
			c, peer := w.dial(ctx, streams.ConnConfig{})
			Expect(peer.Write([]byte("last"))).To(Equal(4))
			Expect(peer.CloseWrite()).To(Succeed())
			Expect(io.ReadAll(c)).To(Equal([]byte("last")))
			for range 3 {
				n, err := c.Read(make([]byte, 1))
				Expect(n).To(BeZero())
				Expect(err).To(BeIdenticalTo(io.EOF))
			}
			Expect(c.Write([]byte("reply"))).To(Equal(5))
			Expect(c.CloseWrite()).To(Succeed())
			Expect(io.ReadAll(peer)).To(Equal([]byte("reply")))
		}, bounded)

		It("loses and reorders nothing, whatever the pieces and the limit", func(ctx context.Context) {
			for _, limit := range []int{-1, 700, 5000, 100_000} {
				c, peer := w.dial(ctx, streams.ConnConfig{ReadLimit: limit})
				want := pattern(1 << 20)
				over := make(chan error, 1)
				go func() {
					_, err := pieces(peer, want, 20_000)
					over <- err
				}()
				got, p := []byte{}, make([]byte, 9000)
				for len(got) < len(want) {
					n, err := c.Read(p[:1+rand.IntN(len(p)-1)])
					Expect(err).NotTo(HaveOccurred())
					got = append(got, p[:n]...)
				}
				Eventually(ctx, over).Should(Receive(BeNil()))
				Expect(got).To(Equal(want))
			}
		}, bounded)

		It("serves several Reads at once", func(ctx context.Context) {
			c, peer := w.dial(ctx, streams.ConnConfig{})
			first, second := reads(c, make([]byte, 1)), reads(c, make([]byte, 1))
			Expect(peer.Write([]byte("ab"))).To(Equal(2))
			Eventually(ctx, first).Should(Receive(Equal(outcome{1, nil})))
			Eventually(ctx, second).Should(Receive(Equal(outcome{1, nil})))
		}, bounded)

		It("keeps little memory when it waits after much input", func(ctx context.Context) {
			c, peer := w.dial(ctx, streams.ConnConfig{})
			over := make(chan error, 1)
			go func() {
				_, err := peer.Write(make([]byte, 4<<20))
				over <- err
			}()
			_, err := io.ReadFull(c, make([]byte, 4<<20))
			Expect(err).NotTo(HaveOccurred())
			Eventually(ctx, over).Should(Receive(BeNil()))
			late := reads(c, make([]byte, 1))
			Eventually(ctx, c.Memory).Should(BeNumerically("<=", 20<<10))
			Expect(c.Close()).To(Succeed())
			Eventually(ctx, late).Should(Receive())
		}, bounded)
	})

	Describe("Conn.CloseRead", func() {
		It("ends Reads with io.EOF, and lets the peer go on", func(ctx context.Context) {
			c, peer := newWorld(kind).dial(ctx, streams.ConnConfig{})
			over := reads(c, make([]byte, 1))
			Expect(c.CloseRead()).To(Succeed())
			Eventually(ctx, over).Should(Receive(Equal(outcome{0, io.EOF})))
			Expect(peer.Write(make([]byte, 8<<20))).To(Equal(8 << 20))
			Expect(c.Read(make([]byte, 1))).Error().To(BeIdenticalTo(io.EOF))
			Expect(c.Write([]byte("still"))).To(Equal(5))
			Expect(io.ReadFull(peer, make([]byte, 5))).To(Equal(5))
		}, bounded)

		It("drops what has paused reading", func(ctx context.Context) {
			c, peer := newWorld(kind).dial(ctx, streams.ConnConfig{ReadLimit: 1000})
			over := make(chan error, 1)
			go func() {
				_, err := peer.Write(make([]byte, 8<<20))
				over <- err
			}()
			Eventually(ctx, func() int { in, _ := c.Held(); return in }).Should(Equal(1000))
			Expect(c.CloseRead()).To(Succeed())
			Eventually(ctx, over).Should(Receive(BeNil()))
		}, bounded)

		It("is refused after Close", func(ctx context.Context) {
			c, _ := newWorld(kind).dial(ctx, streams.ConnConfig{})
			Expect(c.Close()).To(Succeed())
			Expect(c.CloseRead()).To(opError("close", net.ErrClosed))
		}, bounded)
	})
}

// pieces writes b in pieces of up to most bytes.
func pieces(to io.Writer, b []byte, most int) (n int, err error) {
	for n < len(b) && err == nil {
		var k int
		k, err = to.Write(b[n:min(len(b), n+1+rand.IntN(most))])
		n += k
	}
	return n, err
}
