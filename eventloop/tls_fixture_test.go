package eventloop_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"os"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
	"github.com/tidemill-go/tidemill/transports/conformance"
)

// pki is made once: a key takes longer than a spec.
var pki = sync.OnceValue(conformance.NewPKI)

var localhost = sync.OnceValue(func() tls.Certificate { return pki().Issue(time.Time{}, "localhost", "127.0.0.1") })

func serverTLS() *tls.Config { return &tls.Config{Certificates: []tls.Certificate{localhost()}} }

func clientTLS() *tls.Config { return &tls.Config{RootCAs: pki().Pool, ServerName: "localhost"} }

// servingTLS makes a TLS server on a loop that runs in the background.
func servingTLS(ctx context.Context, w *world, factory func() protocols.Protocol, cfg eventloop.ServerConfig) *eventloop.Server {
	GinkgoHelper()
	if cfg.TLS == nil {
		cfg.TLS = serverTLS()
	}
	server, err := w.CreateServer(factory, "tcp", "127.0.0.1:0", &cfg).Await(ctx)
	Expect(err).NotTo(HaveOccurred())
	return server
}

// dialTLS is a client of crypto/tls, closed with the spec.
func dialTLS(to net.Addr, cfg *tls.Config) *tls.Conn {
	GinkgoHelper()
	c, err := tls.DialWithDialer(&net.Dialer{Timeout: patient}, to.Network(), to.String(), cfg)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { _ = c.Close() })
	return c
}

// listenTLS is a listener of crypto/tls whose connections echo, closed with the
// spec.
func listenTLS(cfg *tls.Config) (at net.Addr) {
	GinkgoHelper()
	l := listen()
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			raw, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				c := tls.Server(raw, cfg)
				defer func() { _ = c.Close() }()
				_ = c.SetDeadline(time.Now().Add(patient))
				b := make([]byte, 4096)
				for n, err := c.Read(b); err == nil; n, err = c.Read(b) {
					_, _ = c.Write(b[:n])
				}
			})
		}
	})
	DeferCleanup(func() {
		_ = l.Close()
		serving.Wait()
	})
	return l.Addr()
}

// connectTLS connects p over TLS, on a loop that runs in the background.
func connectTLS(ctx context.Context, w *world, p *recorder.Stream, to string, cfg eventloop.ConnectionConfig) error {
	if cfg.TLS == nil {
		cfg.TLS = clientTLS()
	}
	_, err := w.CreateConnection(func() protocols.Protocol { return p }, "tcp", to, &cfg).Await(ctx)
	return err
}

// expectGoodbye reads to the end, which must be close_notify: the server then
// waits for the client's and leaves the connection open. crypto/tls itself takes
// a mere end of TCP for an end.
func expectGoodbye(c *tls.Conn) {
	GinkgoHelper()
	Expect(io.ReadAll(c)).To(BeEmpty())
	Expect(c.NetConn().SetReadDeadline(time.Now().Add(tick))).To(Succeed())
	_, err := c.NetConn().Read(make([]byte, 1))
	Expect(err).To(MatchError(os.ErrDeadlineExceeded), "the connection is closed without a goodbye")
}

// echoRecorder records and echoes.
func echoRecorder() *recorder.Stream {
	p := &recorder.Stream{}
	p.OnData = func(b []byte) { _, _ = p.Transport().Write(b) }
	return p
}

// ended waits for ConnectionLost.
func ended(ctx context.Context, p *recorder.Stream) {
	GinkgoHelper()
	Eventually(ctx, p.Done()).Should(BeClosed())
	Expect(p.Violations()).To(BeEmpty())
}

// stateOf asks a connection for its state of TLS.
func stateOf(ctx context.Context, w *world, t protocols.Transport) (s tls.ConnectionState) {
	GinkgoHelper()
	known := false
	w.on(ctx, func() { s, known = t.ConnectionState() })
	Expect(known).To(BeTrue())
	return s
}
