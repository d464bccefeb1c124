package tidemill_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/transports/conformance"
)

var pki = sync.OnceValue(conformance.NewPKI)

var localhost = sync.OnceValue(func() tls.Certificate { return pki().Issue(time.Time{}, "localhost") })

// secure is a TLS server on a loop, and clients of crypto/tls.
type secure struct {
	*env
	server *eventloop.Server
	next   chan protocols.Protocol
	peers  []*tlsPeer
}

func newTLS(kind string) conformance.Env {
	GinkgoHelper()
	s := &secure{env: newEnv(kind), next: make(chan protocols.Protocol, 1)}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var err error
	s.server, err = s.loop.CreateServer(func() protocols.Protocol { return <-s.next }, "tcp", "127.0.0.1:0", &eventloop.ServerConfig{
		TLS: &tls.Config{Certificates: []tls.Certificate{localhost()}},
	}).Await(ctx)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { s.Do(s.server.Close) })
	s.Do(func() {
		err = s.server.Sockets()[0].SetsockoptInt(syscall.SOL_SOCKET, syscall.SO_SNDBUF, sendBuffer)
	})
	Expect(err).NotTo(HaveOccurred())
	return s
}

// Connect implements conformance.Env.
func (s *secure) Connect(p protocols.Protocol) conformance.Peer {
	GinkgoHelper()
	s.next <- p
	raw, err := narrowDialer().Dial("tcp", s.server.Addrs()[0].String())
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { raw.Close() })
	c := tls.Client(raw, &tls.Config{RootCAs: pki().Pool, ServerName: "localhost"})
	raw.SetDeadline(time.Now().Add(patience))
	Expect(c.Handshake()).To(Succeed())
	raw.SetDeadline(time.Time{})
	made := p.(interface{ Transport() protocols.Transport })
	Eventually(made.Transport, patience).WithPolling(time.Millisecond).ShouldNot(BeNil())
	s.Do()
	peer := &tlsPeer{Conn: c, raw: raw.(*net.TCPConn), transport: made.Transport()}
	s.peers = append(s.peers, peer)
	return peer
}

// Turn implements conformance.Env: peers of transports that are closing and have
// nothing left to send answer close_notify.
func (s *secure) Turn() {
	s.env.Turn()
	for _, p := range s.peers {
		due := false
		s.Do(func() {
			due = p.transport.Protocol() != nil && p.transport.IsClosing() && p.transport.WriteBufferSize() == 0
		})
		if due {
			p.CloseWrite()
		}
	}
}

// tlsPeer is a client of crypto/tls.
type tlsPeer struct {
	*tls.Conn
	raw       *net.TCPConn
	transport protocols.Transport
	answered  bool
}

var _ conformance.Truncator = (*tlsPeer)(nil)

// Write implements conformance.Peer.
func (p *tlsPeer) Write(b []byte) { p.Conn.Write(b) }

// Take implements conformance.Peer.
func (p *tlsPeer) Take(n int) []byte {
	p.raw.SetReadDeadline(time.Now().Add(takes))
	defer p.raw.SetReadDeadline(time.Time{})
	b := make([]byte, n)
	got, _ := io.ReadFull(p.Conn, b)
	return b[:got]
}

// ReadAll implements conformance.Peer. An end of TCP without close_notify, as
// Abort makes it, is orderly enough.
func (p *tlsPeer) ReadAll() ([]byte, error) {
	p.raw.SetReadDeadline(time.Now().Add(patience))
	all, err := io.ReadAll(p.Conn)
	p.CloseWrite()
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return all, err
}

// CloseWrite implements conformance.Peer.
func (p *tlsPeer) CloseWrite() {
	if !p.answered {
		p.answered = true
		p.Conn.CloseWrite()
	}
}

// Close implements conformance.Peer.
func (p *tlsPeer) Close() { p.Conn.Close() }

// Reset implements conformance.Peer.
func (p *tlsPeer) Reset() {
	p.raw.SetLinger(0)
	p.raw.Close()
}

// Truncate implements conformance.Truncator.
func (p *tlsPeer) Truncate() { p.raw.CloseWrite() }
