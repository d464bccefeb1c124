package streams_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/streams"
)

// packets is a PacketConn on a free port, closed with the spec.
func (w *world) packets(ctx context.Context, cfg *streams.PacketConfig) *streams.PacketConn {
	GinkgoHelper()
	c, err := streams.ListenPacket(ctx, w.Loop, "udp", "127.0.0.1:0", cfg)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { _ = c.Close() })
	return c
}

// udpPeer is a socket of package net, closed with the spec.
func udpPeer() *net.UDPConn {
	GinkgoHelper()
	peer, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { _ = peer.Close() })
	Expect(peer.SetDeadline(time.Now().Add(patient))).To(Succeed())
	return peer
}

func packetSpecs(kind string) {
	Describe("PacketConn", func() {
		var w *world
		BeforeEach(func() { w = newWorld(kind) })

		It("exchanges datagrams, empty ones too, with their addresses", func(ctx context.Context) {
			c, peer := w.packets(ctx, nil), udpPeer()
			for _, s := range []string{"hello", "", "world"} {
				Expect(peer.WriteTo([]byte(s), c.LocalAddr())).To(Equal(len(s)))
				p := make([]byte, 100)
				n, from, err := c.ReadFrom(p)
				Expect(err).NotTo(HaveOccurred())
				Expect(string(p[:n])).To(Equal(s))
				Expect(from.String()).To(Equal(peer.LocalAddr().String()))
				Expect(c.WriteTo(p[:n], from)).To(Equal(n))
				n, from, err = peer.ReadFrom(p)
				Expect(err).NotTo(HaveOccurred())
				Expect(string(p[:n])).To(Equal(s))
				Expect(from.String()).To(Equal(c.LocalAddr().String()))
			}
		}, bounded)

		It("returns what is there without the loop, in order, one at a time", func(ctx context.Context) {
			c, peer := w.packets(ctx, nil), udpPeer()
			for i := range 100 {
				Expect(peer.WriteTo(fmt.Append(nil, i), c.LocalAddr())).Error().NotTo(HaveOccurred())
			}
			Eventually(ctx, c.Held).Should(BeNumerically(">=", 100*streams.PacketCost))
			release := w.blocked(ctx)
			defer release()
			p := make([]byte, 10)
			for i := range 100 {
				n, _, err := c.ReadFrom(p)
				Expect(err).NotTo(HaveOccurred())
				Expect(string(p[:n])).To(Equal(fmt.Sprint(i)))
			}
			Expect(c.Held()).To(BeZero())
		}, bounded)

		It("loses what a Read has no room for, and no more", func(ctx context.Context) {
			c, peer := w.packets(ctx, nil), udpPeer()
			for _, s := range []string{"hello", "world"} {
				Expect(peer.WriteTo([]byte(s), c.LocalAddr())).To(Equal(5))
			}
			p := make([]byte, 2)
			for _, s := range []string{"he", "wo"} {
				Expect(c.Read(p)).To(Equal(2))
				Expect(string(p)).To(Equal(s))
			}
		}, bounded)

		It("does not keep what it was given to write", func(ctx context.Context) {
			c, peer := w.packets(ctx, nil), udpPeer()
			release := w.blocked(ctx)
			defer release()
			p := []byte("hello")
			Expect(c.WriteTo(p, peer.LocalAddr())).To(Equal(5))
			copy(p, "XXXXX")
			release()
			Expect(peer.Read(p)).To(Equal(5))
			Expect(string(p)).To(Equal("hello"))
		}, bounded)

		It("is a net.Conn when it is connected", func(ctx context.Context) {
			peer := udpPeer()
			c := w.packets(ctx, &streams.PacketConfig{Endpoint: eventloop.DatagramConfig{RemoteAddr: peer.LocalAddr().String()}})
			Expect(c.RemoteAddr().String()).To(Equal(peer.LocalAddr().String()))
			Expect(c.Write([]byte("hello"))).To(Equal(5))
			p := make([]byte, 10)
			Expect(peer.Read(p)).To(Equal(5))
			Expect(peer.WriteTo([]byte("reply"), c.LocalAddr())).To(Equal(5))
			Expect(c.Read(p)).To(Equal(5))
		}, bounded)

		It("tells once that nobody has the peer's port, and goes on", func(ctx context.Context) {
			needUnreachable()
			peer := udpPeer()
			c := w.packets(ctx, &streams.PacketConfig{Endpoint: eventloop.DatagramConfig{RemoteAddr: peer.LocalAddr().String()}})
			Expect(peer.Close()).To(Succeed())
			Expect(c.Write([]byte("hello"))).To(Equal(5))
			Expect(c.Read(make([]byte, 1))).Error().To(opError("read", errNobody))
			Expect(c.SetReadDeadline(longAgo)).To(Succeed())
			Expect(c.Read(make([]byte, 1))).Error().To(timeout("read"))
		}, bounded)

		It("returns the error of a datagram that is refused by the next write, once", func(ctx context.Context) {
			c, peer := w.packets(ctx, nil), udpPeer()
			Expect(c.WriteTo(make([]byte, 100_000), peer.LocalAddr())).To(Equal(100_000))
			w.on(ctx, func() {})
			n, err := c.WriteTo([]byte("lost"), peer.LocalAddr())
			Expect(n).To(BeZero())
			Expect(err).To(opError("write", errTooLong))
			Expect(c.WriteTo([]byte("x"), &net.UnixAddr{Name: "/x"})).To(Equal(1))
			w.on(ctx, func() {})
			Expect(c.WriteTo([]byte("lost"), peer.LocalAddr())).Error().To(MatchError(ContainSubstring("address")))
			Expect(c.WriteTo([]byte("hello"), peer.LocalAddr())).To(Equal(5))
			p := make([]byte, 10)
			Expect(peer.Read(p)).To(Equal(5))
		}, bounded)

		It("ends its waits with deadlines, contexts and Close", func(ctx context.Context) {
			c := w.packets(ctx, nil)
			read := func() (int, error) { return c.Read(make([]byte, 1)) }
			over := waits(c, read)
			Expect(c.SetReadDeadline(time.Now().Add(5 * time.Millisecond))).To(Succeed())
			Eventually(ctx, over).Should(Receive(HaveField("Err", timeout("read"))))
			Expect(c.SetDeadline(time.Time{})).To(Succeed())
			cause := errors.New("enough")
			short, cancel := context.WithCancelCause(ctx)
			over = waits(c, func() (int, error) { return c.WithContext(short).Read(make([]byte, 1)) })
			cancel(cause)
			Eventually(ctx, over).Should(Receive(HaveField("Err", opError("read", cause))))
			over = waits(c, read)
			Expect(c.Close()).To(Succeed())
			Eventually(ctx, over).Should(Receive(HaveField("Err", opError("read", net.ErrClosed))))
			Expect(c.WriteTo(nil, c.LocalAddr())).Error().To(opError("write", net.ErrClosed))
			Expect(c.SetDeadline(time.Time{})).To(opError("set", net.ErrClosed))
			Expect(c.Close()).To(opError("close", net.ErrClosed))
		}, bounded)

		It("sends what was written before Close", func(ctx context.Context) {
			c, peer := w.packets(ctx, nil), udpPeer()
			release := w.blocked(ctx)
			defer release()
			for range 20 {
				Expect(c.WriteTo([]byte("hello"), peer.LocalAddr())).To(Equal(5))
			}
			Expect(c.Close()).To(Succeed())
			release()
			for range 20 {
				Expect(peer.Read(make([]byte, 10))).To(Equal(5))
			}
		}, bounded)

		It("ends its waits when the loop is closed, also those that come later", func(ctx context.Context) {
			c, d := w.packets(ctx, nil), w.packets(ctx, nil)
			over := waits(c, func() (int, error) { return c.Read(make([]byte, 1)) })
			w.close()
			Eventually(ctx, over).Should(Receive(HaveField("Err", opError("read", eventloop.ErrLoopClosed))))
			Expect(d.WriteTo([]byte("x"), d.LocalAddr())).Error().To(opError("write", eventloop.ErrLoopClosed))
			Expect(d.Read(make([]byte, 1))).Error().To(opError("read", eventloop.ErrLoopClosed))
		}, bounded)
	})

	Describe("ListenPacket", func() {
		It("refuses a port in use, a bad network and a context that has ended", func(ctx context.Context) {
			w := newWorld(kind)
			c := w.packets(ctx, nil)
			_, err := streams.ListenPacket(ctx, w.Loop, "udp", c.LocalAddr().String(), nil)
			Expect(err).To(MatchError(errInUse))
			_, err = streams.ListenPacket(ctx, w.Loop, "tcp", "127.0.0.1:0", nil)
			Expect(errors.As(err, new(net.UnknownNetworkError))).To(BeTrue(), "%v", err)
			cause := errors.New("enough")
			short, cancel := context.WithCancelCause(ctx)
			cancel(cause)
			defer w.blocked(ctx)()
			d, err := streams.ListenPacket(short, w.Loop, "udp", "127.0.0.1:0", nil)
			Expect(d).To(BeNil())
			Expect(err).To(MatchError(cause))
		}, bounded)
	})
}

func packetLimitSpecs(kind string) {
	Describe("the datagrams that a PacketConn holds", func() {
		It("are bounded: the rest is left to the kernel until some are read", func(ctx context.Context) {
			w := newWorld(kind)
			const limit, burst = 10_000, 256 << 10
			c, peer := w.packets(ctx, &streams.PacketConfig{ReadLimit: limit}), udpPeer()
			reading := func() (reading bool) {
				w.on(ctx, func() { reading = c.Transport().(interface{ IsReading() bool }).IsReading() })
				return reading
			}
			for reading() {
				Expect(peer.WriteTo(make([]byte, 1000), c.LocalAddr())).To(Equal(1000))
			}
			Expect(c.Held()).To(BeNumerically(">", limit))
			Expect(c.Held()).To(BeNumerically("<=", limit+burst))
			for !reading() {
				Expect(c.Read(make([]byte, 1000))).To(Equal(1000))
			}
			Expect(peer.WriteTo([]byte("last"), c.LocalAddr())).To(Equal(4))
			for n := 1000; n != 4; {
				var err error
				n, err = c.Read(make([]byte, 1000))
				Expect(err).NotTo(HaveOccurred())
			}
		}, bounded)
	})
}

func packetOrderSpecs(kind string) {
	Describe("the datagrams of a PacketConn", func() {
		It("keep their order and bytes, however many wait and are read at once", func(ctx context.Context) {
			w := newWorld(kind)
			c, peer := w.packets(ctx, nil), udpPeer()
			all := pattern(1000)
			sent, read := 0, 0
			for p := make([]byte, len(all)); read < 2000; {
				for range rand.IntN(21 - (sent - read)) { // no more than the kernel can keep
					Expect(peer.WriteTo(all[:sent%len(all)], c.LocalAddr())).To(Equal(sent % len(all)))
					sent++
				}
				for range rand.IntN(sent - read + 1) {
					n, _, err := c.ReadFrom(p)
					Expect(err).NotTo(HaveOccurred())
					Expect(bytes.Equal(p[:n], all[:read%len(all)])).To(BeTrue(), "datagram %d", read)
					read++
				}
			}
		}, bounded)
	})
}

func packetTaskSpecs(kind string) {
	Describe("a PacketConn in a task", func() {
		It("suspends the task, and returns a datagram's own error", func(ctx context.Context) {
			w := newWorld(kind)
			c, peer := w.packets(ctx, nil), udpPeer()
			var refusal error
			_, over := w.task(func(context.Context) (int, error) {
				p := make([]byte, 10)
				n, from, err := c.ReadFrom(p)
				if err != nil {
					return n, err
				}
				_, refusal = c.WriteTo(make([]byte, 100_000), from)
				return c.WriteTo(p[:n], from)
			})
			Eventually(ctx, c.Waiting).Should(Equal(1))
			w.on(ctx, func() {}) // the loop has time for this
			Expect(peer.WriteTo([]byte("hello"), c.LocalAddr())).To(Equal(5))
			Eventually(ctx, over).Should(Receive(Equal(outcome{5, nil})))
			Expect(refusal).To(opError("write", errTooLong))
			Expect(peer.Read(make([]byte, 10))).To(Equal(5))
		}, bounded)

		It("refuses to wait on the loop's goroutine outside a task", func(ctx context.Context) {
			w := newWorld(kind)
			c := w.packets(ctx, nil)
			var err error
			w.on(ctx, func() { _, err = c.Read(make([]byte, 1)) })
			Expect(err).To(opError("read", eventloop.ErrAwaitOnLoop))
		}, bounded)
	})
}
