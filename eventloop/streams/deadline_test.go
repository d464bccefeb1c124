package streams_test

import (
	"context"
	"io"
	"net"
	"os"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/streams"
)

var longAgo = time.Unix(1, 0)

// timeout matches the error of a deadline.
func timeout(op string) OmegaMatcher {
	return SatisfyAll(opError(op, os.ErrDeadlineExceeded), WithTransform(func(err error) bool {
		return err.(net.Error).Timeout()
	}, BeTrue()))
}

func deadlineSpecs(kind string) {
	Describe("a deadline of a Conn", func() {
		var (
			w    *world
			c    *streams.Conn
			peer *net.TCPConn
		)
		BeforeEach(func(ctx context.Context) {
			w = newWorld(kind)
			c, peer = w.dial(ctx, streams.ConnConfig{})
		}, settled)

		It("ends a Read that waits", func(ctx context.Context) {
			over := reads(c, make([]byte, 1))
			Expect(c.SetReadDeadline(time.Now().Add(5 * time.Millisecond))).To(Succeed())
			Eventually(ctx, over).Should(Receive(SatisfyAll(HaveField("N", 0), HaveField("Err", timeout("read")))))
		}, bounded)

		It("ends a Read that begins before it", func(ctx context.Context) {
			Expect(c.SetReadDeadline(time.Now().Add(5 * time.Millisecond))).To(Succeed())
			Expect(c.Read(make([]byte, 1))).Error().To(timeout("read"))
		}, bounded)

		It("in the past ends what waits and what comes, input or not", func(ctx context.Context) {
			first, second := reads(c, make([]byte, 1)), clog(c)
			Expect(c.SetDeadline(longAgo)).To(Succeed())
			Eventually(ctx, first).Should(Receive(HaveField("Err", timeout("read"))))
			Eventually(ctx, second).Should(Receive(HaveField("Err", timeout("write"))))
			Expect(peer.Write([]byte("x"))).To(Equal(1))
			Eventually(ctx, func() int { in, _ := c.Held(); return in }).Should(Equal(1))
			Expect(c.Read(make([]byte, 1))).Error().To(timeout("read"))
			n, err := c.Write([]byte("x"))
			Expect(n).To(BeZero())
			Expect(err).To(timeout("write"))
		}, bounded)

		It("for reading leaves writing alone, and the reverse", func(ctx context.Context) {
			Expect(c.SetReadDeadline(longAgo)).To(Succeed())
			Expect(c.Write([]byte("x"))).To(Equal(1))
			Expect(c.SetReadDeadline(time.Time{})).To(Succeed())
			Expect(c.SetWriteDeadline(longAgo)).To(Succeed())
			Expect(peer.Write([]byte("y"))).To(Equal(1))
			Expect(c.Read(make([]byte, 1))).To(Equal(1))
		}, bounded)

		It("counts what a Write has written before it", func(ctx context.Context) {
			over := clog(c)
			Expect(c.SetWriteDeadline(time.Now().Add(5 * time.Millisecond))).To(Succeed())
			var o outcome
			Eventually(ctx, over).Should(Receive(&o))
			Expect(o.Err).To(timeout("write"))
			Expect(c.SetWriteDeadline(time.Time{})).To(Succeed())
			Expect(c.CloseWrite()).To(Succeed())
			got, err := io.ReadAll(peer)
			Expect(err).NotTo(HaveOccurred())
			Expect(got).To(HaveLen(o.N))
		}, bounded)

		It("ends the Writes that wait for another one too", func(ctx context.Context) {
			first := clog(c)
			second := waits(c, func() (int, error) { return c.Write([]byte("x")) })
			Expect(c.SetWriteDeadline(longAgo)).To(Succeed())
			Eventually(ctx, first).Should(Receive(HaveField("Err", timeout("write"))))
			Eventually(ctx, second).Should(Receive(SatisfyAll(HaveField("N", 0), HaveField("Err", timeout("write")))))
		}, bounded)

		It("can be moved away and taken back", func(ctx context.Context) {
			Expect(c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))).To(Succeed())
			over := reads(c, make([]byte, 1))
			Expect(c.SetReadDeadline(time.Now().Add(time.Hour))).To(Succeed())
			Consistently(over).WithTimeout(60 * time.Millisecond).ShouldNot(Receive())
			Expect(c.SetReadDeadline(longAgo)).To(Succeed())
			Eventually(ctx, over).Should(Receive(HaveField("Err", timeout("read"))))
			Expect(c.SetReadDeadline(time.Time{})).To(Succeed())
			Expect(peer.Write([]byte("x"))).To(Equal(1))
			Expect(c.Read(make([]byte, 1))).To(Equal(1))
		}, bounded)

		It("does not pass when a timer of an earlier one comes late", func(ctx context.Context) {
			Expect(c.SetReadDeadline(time.Now().Add(time.Hour))).To(Succeed())
			c.FireReadDeadline()
			Expect(peer.Write([]byte("x"))).To(Equal(1))
			Expect(c.Read(make([]byte, 1))).To(Equal(1))
			Expect(c.SetReadDeadline(time.Time{})).To(Succeed())
			c.FireReadDeadline()
			Expect(peer.Write([]byte("x"))).To(Equal(1))
			Expect(c.Read(make([]byte, 1))).To(Equal(1))
		}, bounded)

		It("is refused after Close", func() {
			Expect(c.Close()).To(Succeed())
			for _, set := range []func(time.Time) error{c.SetDeadline, c.SetReadDeadline, c.SetWriteDeadline} {
				Expect(set(time.Time{})).To(opError("set", net.ErrClosed))
			}
		})
	})
}
