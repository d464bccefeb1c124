package transports_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/transports"
	"github.com/tidemill-go/tidemill/transports/conformance"
	"github.com/tidemill-go/tidemill/transports/memory"
)

// pki is made once: a key takes longer than a spec.
var pki = sync.OnceValue(conformance.NewPKI)

var localhost = sync.OnceValue(func() tls.Certificate { return pki().Issue(time.Time{}, "localhost") })

func serverTLS() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{localhost()}}
}

func clientTLS() *tls.Config { return &tls.Config{RootCAs: pki().Pool, ServerName: "localhost"} }

// secureEnv is a memory.Host whose connections have TLS on both sides.
type secureEnv struct {
	*memory.Host
	made []*securePeer
}

var _ conformance.Env = (*secureEnv)(nil)

func newSecureEnv(style string) func() conformance.Env {
	return func() conformance.Env { return &secureEnv{Host: styles[style]()} }
}

// secured opens a TLS server under p, and its client, whose handshake is yet to
// be done.
func secured(host *memory.Host, p protocols.Protocol, cfg transports.TLSConfig, client *tls.Config) (t *transports.TLS, near *memory.End, far *securePeer) {
	GinkgoHelper()
	if cfg.Config == nil {
		cfg.Config, cfg.Server = serverTLS(), true
	}
	near, end := host.Pair(0)
	t, err := transports.NewTLS(host, p, cfg)
	Expect(err).NotTo(HaveOccurred())
	local := address("192.0.2.1:80")
	_, err = transports.NewStream(host, near.FD(), t.Lower(), transports.StreamConfig{
		Local: &local, Remote: address("192.0.2.2:4711"),
	})
	Expect(err).NotTo(HaveOccurred())
	peer := &securePeer{end: end, host: host, transport: t}
	peer.conn = tls.Client(peerConn{peer}, client)
	if !cfg.Server {
		peer.conn = tls.Server(peerConn{peer}, client)
	}
	return t, near, peer
}

func (e *secureEnv) Connect(p protocols.Protocol) conformance.Peer {
	GinkgoHelper()
	_, near, peer := secured(e.Host, p, transports.TLSConfig{}, clientTLS())
	Expect(peer.conn.Handshake()).To(Succeed())
	e.RunUntilIdle()
	e.made = append(e.made, peer)
	DeferCleanup(func() { Expect(near.IsClosed()).To(BeTrue(), "the descriptor is left open") })
	return peer
}

func (e *secureEnv) Turn() {
	e.RunUntilIdle()
	for _, p := range e.made {
		p.answer()
	}
	e.RunUntilIdle()
}

func (e *secureEnv) Settle() { e.RunUntilIdle() }

func (e *secureEnv) Warnings() int { return len(e.Host.Warnings()) }

// securePeer is crypto/tls at the far end; while it waits the host makes steps.
type securePeer struct {
	end       *memory.End
	host      *memory.Host
	transport protocols.Transport
	conn      *tls.Conn
	answered  bool
	caught    *[]byte // takes what the peer sends, if it is there
}

func (p *securePeer) answer() {
	if p.transport.IsClosing() && p.transport.Protocol() != nil && p.transport.WriteBufferSize() == 0 {
		p.CloseWrite()
	}
}

func (p *securePeer) Write(b []byte) { _, _ = p.conn.Write(b) }

func (p *securePeer) Take(n int) []byte {
	b := make([]byte, n)
	got, _ := io.ReadFull(p.conn, b)
	return b[:got]
}

func (p *securePeer) ReadAll() ([]byte, error) {
	all, err := io.ReadAll(p.conn)
	p.CloseWrite()
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return all, err
}

func (p *securePeer) CloseWrite() {
	if !p.answered {
		p.answered = true
		_ = p.conn.CloseWrite()
	}
}

func (p *securePeer) Close() {
	p.CloseWrite()
	p.end.Close()
}

func (p *securePeer) Reset()    { p.end.Reset() }
func (p *securePeer) Truncate() { _ = p.end.CloseWrite() }

// peerConn is the connection under a securePeer's tls.Conn.
type peerConn struct{ *securePeer }

var errIdle = errors.New("nothing comes, and nothing happens any more")

func (c peerConn) Read(b []byte) (int, error) {
	for {
		if got := c.end.Take(len(b)); len(got) > 0 {
			return copy(b, got), nil
		}
		if c.end.Ended() {
			_, err := c.end.ReadAll()
			return 0, err
		}
		if !c.host.Step() {
			return 0, errIdle
		}
	}
}

func (c peerConn) Write(b []byte) (int, error) {
	if c.caught != nil {
		*c.caught = append(*c.caught, b...)
		return len(b), nil
	}
	for sent := 0; ; {
		n, err := c.end.Write(b[sent:])
		if sent += n; err != nil || sent == len(b) {
			return sent, err
		}
		if n == 0 && !c.host.Step() {
			return sent, errIdle
		}
	}
}

func (c peerConn) Close() error                     { return nil }
func (c peerConn) LocalAddr() net.Addr              { return nil }
func (c peerConn) RemoteAddr() net.Addr             { return nil }
func (c peerConn) SetDeadline(time.Time) error      { return nil }
func (c peerConn) SetReadDeadline(time.Time) error  { return nil }
func (c peerConn) SetWriteDeadline(time.Time) error { return nil }

var (
	_ = conformance.SecureStreams("TLS over readiness", newSecureEnv("readiness"))
	_ = conformance.SecureStreams("TLS over completion", newSecureEnv("completion"))
)
