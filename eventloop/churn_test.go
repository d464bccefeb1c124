package eventloop_test

import (
	"context"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gleak"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
)

// states are where a client may be when it resets its connection.
var states = []func(c net.Conn){
	func(net.Conn) {}, // just connected
	func(c net.Conn) { _, _ = c.Write([]byte("hello")) },
	func(c net.Conn) { _, _ = echoed(c, "hello") },
	func(c net.Conn) { _, _ = c.Write(make([]byte, 256<<10)) }, // most of the echo waits for a reader
	func(c net.Conn) {
		_, _ = echoed(c, "hello")
		_ = c.(interface{ CloseWrite() error }).CloseWrite()
	},
}

// churn connects n times from a few goroutines; half of the clients leave in
// order, the others by a reset in a random state.
func churn(to net.Addr, n int, seed uint64) {
	const side = 16
	var clients sync.WaitGroup
	for i := range side {
		random := rand.New(rand.NewPCG(seed, uint64(i)))
		clients.Go(func() {
			for j := range n / side {
				if c, err := net.Dial(to.Network(), to.String()); err == nil {
					visit(c, random, j%2 == 0)
				}
			}
		})
	}
	clients.Wait()
}

func visit(c net.Conn, random *rand.Rand, reset bool) {
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patient))
	if !reset {
		_, _ = echoed(c, "hello")
		return
	}
	states[random.IntN(len(states))](c)
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
}

// audience are echoes that can ask whether their clients are still there. The
// kernel drops packets of a crowded loopback, and sends a reset once more only to
// those who ask.
type audience map[*attendant]struct{}

type attendant struct {
	echo
	among audience
}

func (a audience) admit() protocols.Protocol { return &attendant{among: a} }

func (a audience) ask() {
	for one := range a {
		_, _ = one.transport.Write([]byte("there?"))
	}
}

func (l *attendant) ConnectionMade(t protocols.Transport) {
	l.echo.ConnectionMade(t)
	l.among[l] = struct{}{}
}

func (l *attendant) ConnectionLost(error) { delete(l.among, l) }

func churnSpecs(kind string) {
	churned := []any{
		Entry("TCP, 500 of them", "tcp", 500, bounded),
		Entry("TCP, 10,000 of them", Label("stress"), "tcp", 10000, SpecTimeout(2*time.Minute)),
	}
	if offers(kind, platform.CreateServerUnix) {
		churned = append(churned,
			Entry("a Unix socket, 500 of them", "unix", 500, bounded),
			Entry("a Unix socket, 10,000 of them", Label("stress"), "unix", 10000, SpecTimeout(2*time.Minute)),
		)
	}
	DescribeTable("clients that come and go, half of them by a reset, leave nothing behind over",
		append(churned, func(ctx SpecContext, network string, n int) {
			w := newRealWorld(kind)
			w.background()
			address := "127.0.0.1:0"
			if network == "unix" {
				address = socketPath()
			}
			// Before the server: a proactor of Windows makes the sockets of connections
			// that are still to come, more of them for a server that is busy.
			before := descriptors()
			clients := audience{}
			server, err := w.CreateServer(clients.admit, network, address, nil).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			seed := uint64(GinkgoRandomSeed())
			running := gleak.Goroutines()
			churn(server.Addrs()[0], n, seed)
			Eventually(ctx, func() int {
				w.on(ctx, clients.ask)
				return statistics(ctx, w, server).Connections
			}).Should(BeZero())
			Expect(statistics(ctx, w, server).Accepted).To(BeNumerically(">", n/2))
			Expect(statistics(ctx, w, server).Pauses).To(BeZero())
			Eventually(ctx, gleak.Goroutines).ShouldNot(gleak.HaveLeaked(running))
			client := mustDial(server.Addrs()[0])
			Expect(echoed(client, "still there")).To(Equal("still there"))
			Expect(client.Close()).To(Succeed())
			w.on(ctx, server.Close)
			Expect(server.WaitClosed(ctx)).To(Succeed())
			Expect(opened(before)).To(BeEmpty())
		})...,
	)

	DescribeTable("connections of the loop to peers that reset them in any state leave nothing behind,",
		func(ctx SpecContext, n int) {
			w := newRealWorld(kind)
			w.background()
			before := descriptors()
			l := listen()
			var peers sync.WaitGroup
			peers.Go(func() { accept(l) })
			running := gleak.Goroutines()
			var clients sync.WaitGroup
			for range 16 {
				clients.Go(func() { connectAndLose(ctx, w, l.Addr().String(), n/16) })
			}
			clients.Wait()
			Eventually(ctx, gleak.Goroutines).ShouldNot(gleak.HaveLeaked(running))
			Expect(l.Close()).To(Succeed())
			peers.Wait()
			Eventually(ctx, func() []int { return opened(before) }).Should(BeEmpty())
		},
		Entry("500 of them", 500, bounded),
		Entry("10,000 of them", Label("stress"), 10000, SpecTimeout(2*time.Minute)),
	)
}

func mustDial(to net.Addr) net.Conn {
	GinkgoHelper()
	c, err := net.Dial(to.Network(), to.String())
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { _ = c.Close() })
	return c
}

// accept resets every other connection, some of them after a word.
func accept(l net.Listener) {
	for i := 0; ; i++ {
		c, err := l.Accept()
		if err != nil {
			return
		}
		if i%3 == 0 {
			_, _ = c.Write([]byte("hello"))
		}
		if i%2 == 0 {
			_ = c.(*net.TCPConn).SetLinger(0)
		}
		_ = c.Close()
	}
}

// connectAndLose makes connections that end when their peer does, and some that
// are cancelled on the way.
func connectAndLose(ctx context.Context, w *world, to string, n int) {
	for i := range n {
		lost := make(chan struct{})
		factory := func() protocols.Protocol { return &leaving{lost: lost} }
		if i%4 == 0 {
			hurried, cancel := context.WithTimeout(ctx, time.Duration(i%7)*10*time.Microsecond)
			_, _ = w.CreateConnection(factory, "tcp", to, nil).Await(hurried)
			cancel()
			continue
		}
		if _, err := w.CreateConnection(factory, "tcp", to, nil).Await(ctx); err == nil {
			select {
			case <-lost:
			case <-ctx.Done():
			}
		}
	}
}

// leaving says when it is lost. It asks its peer, as audience does.
type leaving struct {
	protocols.Base
	lost chan struct{}
}

func (l *leaving) ConnectionMade(t protocols.Transport) { _, _ = t.Write([]byte("there?")) }

func (l *leaving) ConnectionLost(error) { close(l.lost) }
