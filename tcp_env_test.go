package tidemill_test

import (
	"context"
	"io"
	"net"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/transports/conformance"
)

const (
	// sendBuffer is asked for on the listener, whose connections inherit it;
	// receiveBuffer on the client. What a transport can send into them is a few
	// hundred KiB.
	sendBuffer    = 64 << 10
	receiveBuffer = 64 << 10

	// takes is how long a peer waits for bytes that it is to take.
	takes = 2 * time.Second
)

// tcp is a server on a loop, and clients of package net.
type tcp struct {
	*env
	server *eventloop.Server
	next   chan protocols.Protocol // of the connection to come
	taken  chan struct{}           // the factory has run for it
}

func newTCP(kind string) conformance.Env {
	GinkgoHelper()
	t := &tcp{env: newEnv(kind), next: make(chan protocols.Protocol, 1), taken: make(chan struct{}, 1)}
	factory := func() protocols.Protocol {
		defer func() { t.taken <- struct{}{} }()
		return <-t.next
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var err error
	t.server, err = t.loop.CreateServer(factory, "tcp", "127.0.0.1:0", nil).Await(ctx)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { t.Do(t.server.Close) })
	t.Do(func() {
		err = t.server.Sockets()[0].SetsockoptInt(syscall.SOL_SOCKET, syscall.SO_SNDBUF, sendBuffer)
	})
	Expect(err).NotTo(HaveOccurred())
	return t
}

// Connect implements conformance.Env. ConnectionMade is queued when the factory
// returns, ahead of what Do sends after it.
func (t *tcp) Connect(p protocols.Protocol) conformance.Peer {
	GinkgoHelper()
	t.next <- p
	c, err := narrowDialer().Dial("tcp", t.server.Addrs()[0].String())
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { c.Close() })
	Eventually(t.taken, patience).Should(Receive())
	t.Do()
	return tcpPeer{c.(*net.TCPConn)}
}

// narrowDialer has small buffers for what it receives.
func narrowDialer() *net.Dialer {
	return &net.Dialer{Timeout: patience, Control: func(_, _ string, c syscall.RawConn) (err error) {
		if e := c.Control(func(fd uintptr) {
			err = setReceiveBuffer(fd, receiveBuffer)
		}); e != nil {
			return e
		}
		return err
	}}
}

type tcpPeer struct{ *net.TCPConn }

// Write implements conformance.Peer.
func (p tcpPeer) Write(b []byte) { p.TCPConn.Write(b) }

// Take implements conformance.Peer.
func (p tcpPeer) Take(n int) []byte {
	p.SetReadDeadline(time.Now().Add(takes))
	defer p.SetReadDeadline(time.Time{})
	b := make([]byte, n)
	got, _ := io.ReadFull(p.TCPConn, b)
	return b[:got]
}

// ReadAll implements conformance.Peer.
func (p tcpPeer) ReadAll() ([]byte, error) {
	p.SetReadDeadline(time.Now().Add(patience))
	return io.ReadAll(p.TCPConn)
}

// CloseWrite implements conformance.Peer.
func (p tcpPeer) CloseWrite() { p.TCPConn.CloseWrite() }

// Close implements conformance.Peer.
func (p tcpPeer) Close() { p.TCPConn.Close() }

// Reset implements conformance.Peer.
func (p tcpPeer) Reset() {
	p.SetLinger(0)
	p.TCPConn.Close()
}
