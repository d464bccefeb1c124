package eventloop_test

import (
	"context"
	"net"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
)

// expectRefused sees to it that nobody listens.
func expectRefused(at net.Addr) {
	GinkgoHelper()
	_, err := net.Dial(at.Network(), at.String())
	Expect(err).To(MatchError(errRefused))
}

func serverCloseSpecs(kind string) {
	Describe("a server that is closed", func() {
		It("listens no more, while its connections go on", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			server := serving(ctx, w, newEcho)
			client := dial(server.Addrs()[0])
			Expect(echoed(client, "before")).To(Equal("before"))
			var sockets, serving = 1, true
			w.on(ctx, func() {
				server.Close()
				server.Close()
				sockets, serving = len(server.Sockets()), server.IsServing()
			})
			Expect(sockets).To(BeZero())
			Expect(serving).To(BeFalse())
			expectRefused(server.Addrs()[0])
			Expect(echoed(client, "after")).To(Equal("after"))
		}, bounded)

		It("refuses to serve again", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			server := serving(ctx, w, newEcho)
			var start error
			w.on(ctx, func() { server.Close(); start = server.StartServing() })
			Expect(start).To(MatchError(net.ErrClosed))
			Expect(server.ServeForever(ctx)).To(MatchError(net.ErrClosed))
		}, bounded)
	})

	Describe("WaitClosed", func() {
		It("waits for the close and for the last connection", func(ctx SpecContext) { // G22
			w := newRealWorld(kind)
			w.background()
			server := serving(ctx, w, newEcho)
			client := dial(server.Addrs()[0])
			Expect(echoed(client, "x")).To(Equal("x"))
			over := make(chan error, 2)
			wait := func() { over <- server.WaitClosed(ctx) }
			go wait()
			Consistently(over).WithTimeout(tick).ShouldNot(Receive())
			w.on(ctx, server.Close)
			Consistently(over).WithTimeout(tick).ShouldNot(Receive())
			Expect(client.Close()).To(Succeed())
			Eventually(ctx, over).Should(Receive(BeNil()))
			Expect(server.WaitClosed(ctx)).To(Succeed())
		}, bounded)

		It("only stops waiting when its context ends", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			server := serving(ctx, w, newEcho)
			limited, cancel := context.WithTimeout(ctx, tick)
			defer cancel()
			Expect(server.WaitClosed(limited)).To(MatchError(context.DeadlineExceeded))
			Expect(server.WaitClosed(expired())).To(MatchError(errSpec))
			client := dial(server.Addrs()[0])
			Expect(echoed(client, "still here")).To(Equal("still here"))
			Expect(client.Close()).To(Succeed())
			w.on(ctx, server.Close)
			Expect(server.WaitClosed(ctx)).To(Succeed())
		}, bounded)
	})

	Describe("ServeForever", func() {
		It("ends with ErrCancelled when the server is closed", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			server := serving(ctx, w, newEcho)
			over := make(chan error, 1)
			go func() { over <- server.ServeForever(ctx) }()
			Expect(echoed(dial(server.Addrs()[0]), "x")).To(Equal("x"))
			Consistently(over).WithTimeout(tick).ShouldNot(Receive())
			w.on(ctx, server.Close)
			Eventually(ctx, over).Should(Receive(MatchError(eventloop.ErrCancelled)))
		}, bounded)

		It("closes the server when its context ends, and its connections go on", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			server := serving(ctx, w, newEcho)
			client := dial(server.Addrs()[0])
			Expect(echoed(client, "x")).To(Equal("x"))
			limited, cancel := context.WithCancelCause(ctx)
			over := make(chan error, 1)
			go func() { over <- server.ServeForever(limited) }()
			Consistently(over).WithTimeout(tick).ShouldNot(Receive())
			cancel(errSpec)
			Eventually(ctx, over).Should(Receive(MatchError(errSpec)))
			w.on(ctx, func() {})
			expectRefused(server.Addrs()[0])
			Expect(echoed(client, "y")).To(Equal("y"))
		}, bounded)

		It("starts a paused server, and is refused while another one waits", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			server, err := w.CreateServer(newEcho, "tcp", "127.0.0.1:0", &eventloop.ServerConfig{Paused: true}).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			over := make(chan error, 1)
			go func() { over <- server.ServeForever(ctx) }()
			isServing := func() (serving bool) {
				w.on(ctx, func() { serving = server.IsServing() })
				return serving
			}
			Eventually(ctx, isServing).Should(BeTrue())
			Expect(server.ServeForever(ctx)).To(MatchError(eventloop.ErrInvalidState))
			Expect(echoed(dial(server.Addrs()[0]), "x")).To(Equal("x"))
			w.on(ctx, server.Close)
			Eventually(ctx, over).Should(Receive(MatchError(eventloop.ErrCancelled)))
		}, bounded)

		It("ends with ErrLoopClosed when the loop is closed", func(ctx SpecContext) {
			w := newRealWorld(kind)
			halt := w.background()
			server := serving(ctx, w, newEcho)
			over := make(chan error, 1)
			go func() { over <- server.ServeForever(ctx) }()
			Consistently(over).WithTimeout(tick).ShouldNot(Receive())
			halt()
			Expect(w.Close()).To(Succeed())
			Eventually(ctx, over).Should(Receive(MatchError(eventloop.ErrLoopClosed)))
		}, bounded)
	})
}
