package eventloop_test

import (
	"context"
	"io"
	"net"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

func clientsSpecs(kind string) {
	Describe("a server's clients", func() {
		// busy has a client that does not read what is written to it, and one of
		// another server.
		busy := func(ctx context.Context, w *world, n int) (server, other *eventloop.Server, p *recorder.Stream, client net.Conn) {
			GinkgoHelper()
			w.background()
			p = &recorder.Stream{}
			much := pattern(n)
			p.OnMade = func(t protocols.Transport) { _, _ = t.Write(much) }
			server = serving(ctx, w, func() protocols.Protocol { return p })
			other = serving(ctx, w, newEcho)
			client = dial(server.Addrs()[0])
			Eventually(ctx, p.Transport).ShouldNot(BeNil())
			return server, other, p, client
		}

		It("get what is buffered for them from CloseClients, and then their end", func(ctx SpecContext) { // G23
			w := newRealWorld(kind)
			server, other, p, client := busy(ctx, w, 8<<20)
			stranger := dial(other.Addrs()[0])
			w.on(ctx, func() { server.Close(); server.CloseClients() })
			got, err := io.ReadAll(client)
			Expect(err).NotTo(HaveOccurred())
			Expect(got).To(HaveLen(8 << 20))
			Eventually(ctx, p.Done()).Should(BeClosed())
			Expect(server.WaitClosed(ctx)).To(Succeed())
			Expect(echoed(stranger, "hello")).To(Equal("hello"))
			w.on(ctx, other.Close)
		}, bounded)

		It("are cut off by AbortClients", func(ctx SpecContext) { // G23
			w := newRealWorld(kind)
			server, other, p, client := busy(ctx, w, 32<<20)
			stranger := dial(other.Addrs()[0])
			Expect(echoed(stranger, "hello")).To(Equal("hello"))
			w.on(ctx, func() { server.Close(); server.AbortClients() })
			Expect(server.WaitClosed(ctx)).To(Succeed())
			Expect(p.Err()).NotTo(HaveOccurred())
			n, _ := io.Copy(io.Discard, client)
			Expect(n).To(BeNumerically("<", 32<<20))
			Expect(echoed(stranger, "hello")).To(Equal("hello"))
			w.on(ctx, other.Close)
		}, bounded)

		It("are counted", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			server := serving(ctx, w, newEcho)
			counted := func() eventloop.ServerStatistics { return statistics(ctx, w, server) }
			Expect(counted()).To(BeZero())
			first, second := dial(server.Addrs()[0]), dial(server.Addrs()[0])
			Expect(echoed(first, "x")).To(Equal("x"))
			Expect(echoed(second, "x")).To(Equal("x"))
			Expect(counted()).To(Equal(eventloop.ServerStatistics{Connections: 2, Accepted: 2}))
			Expect(first.Close()).To(Succeed())
			Eventually(ctx, counted).Should(Equal(eventloop.ServerStatistics{Connections: 1, Accepted: 2}))
			w.on(ctx, server.Close)
			Expect(counted()).To(Equal(eventloop.ServerStatistics{Connections: 1, Accepted: 2}))
			Expect(second.Close()).To(Succeed())
			Eventually(ctx, counted).Should(Equal(eventloop.ServerStatistics{Accepted: 2}))
		}, bounded)
	})
}
