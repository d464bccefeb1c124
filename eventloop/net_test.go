package eventloop_test

import (
	"context"
	"io"
	"net"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

// echo sends back what it receives.
type echo struct {
	protocols.Base
	transport protocols.Transport
}

func newEcho() protocols.Protocol { return &echo{} }

func (e *echo) ConnectionMade(t protocols.Transport) { e.transport = t }
func (e *echo) DataReceived(data []byte)             { _, _ = e.transport.Write(data) }

// echoed sends s and returns what comes back, as much as s is long.
func echoed(c net.Conn, s string) (string, error) {
	_ = c.SetDeadline(time.Now().Add(patient))
	if _, err := c.Write([]byte(s)); err != nil {
		return "", err
	}
	b := make([]byte, len(s))
	n, err := io.ReadFull(c, b)
	return string(b[:n]), err
}

// listen is a listener of package net, closed with the spec.
func listen() net.Listener {
	GinkgoHelper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { _ = l.Close() })
	return l
}

// deafPort is an address at which nobody listens. A socket holds it: the port of a
// listener that is closed may be given to another program.
func deafPort() net.Addr {
	GinkgoHelper()
	return newSocket().bound("127.0.0.1:0").NetAddr("tcp")
}

// serving makes a server on a loop that runs in the background, closed with the
// spec.
func serving(ctx context.Context, w *world, factory func() protocols.Protocol) *eventloop.Server {
	GinkgoHelper()
	server, err := w.CreateServer(factory, "tcp", "127.0.0.1:0", nil).Await(ctx)
	Expect(err).NotTo(HaveOccurred())
	return server
}

// connectToPeer connects p, on a loop that runs in the background, to a peer of
// package net.
func connectToPeer(ctx context.Context, w *world, p *recorder.Stream) *net.TCPConn {
	GinkgoHelper()
	l := listen()
	_, err := w.CreateConnection(func() protocols.Protocol { return p }, "tcp", l.Addr().String(), nil).Await(ctx)
	Expect(err).NotTo(HaveOccurred())
	peer, err := l.Accept()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { _ = peer.Close() })
	return peer.(*net.TCPConn)
}

// fullListener is the address of a listener whose queue is full, so that the
// kernel answers nobody else.
func fullListener() string {
	GinkgoHelper()
	l := newSocket()
	at := l.bound("127.0.0.1:0")
	Expect(platform.Listen(l.fd, 0)).To(Succeed())
	for range 3 {
		newSocket().connecting(at)
	}
	return at.String()
}
