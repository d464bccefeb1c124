package eventloop_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
	"github.com/tidemill-go/tidemill/transports/conformance"
)

// certificateError is what the failure of a verification is made of.
func certificateError[E error](err error) bool {
	_, verification := errors.AsType[*tls.CertificateVerificationError](err)
	_, ok := errors.AsType[E](err)
	return verification && ok
}

// speak is a peer that is no TLS server: it plays on the first connection.
func speak(play func(c net.Conn)) (address string) {
	GinkgoHelper()
	l := listen()
	over := make(chan struct{})
	go func() {
		defer close(over)
		if c, err := l.Accept(); err == nil {
			play(c)
			_ = c.Close()
		}
	}()
	DeferCleanup(func() {
		_ = l.Close()
		<-over
	})
	return l.Addr().String()
}

func tlsClientSpecs(kind string) {
	Describe("a connection of TLS", func() {
		It("has its ConnectionMade and its result after the handshake, and knows its state", func(ctx SpecContext) {
			w, p := newRealWorld(kind), &recorder.Stream{}
			w.background()
			cfg := serverTLS()
			cfg.NextProtos = []string{"echo"}
			at := listenTLS(cfg)
			own := clientTLS()
			own.NextProtos = []string{"echo"}
			Expect(connectTLS(ctx, w, p, at.String(), eventloop.ConnectionConfig{TLS: own})).To(Succeed())
			Expect(p.String()).To(Equal("made"))
			t := p.Transport()
			state := stateOf(ctx, w, t)
			Expect(state.HandshakeComplete).To(BeTrue())
			Expect(state.NegotiatedProtocol).To(Equal("echo"))
			w.on(ctx, func() { _, _ = t.Write([]byte("hello")) })
			Eventually(ctx, p.String).Should(Equal("made data(5)"))
			w.on(ctx, func() { _ = t.Close() })
			ended(ctx, p)
			Expect(p.String()).To(Equal("made data(5) lost(nil)"))
			Expect(own.ServerName).To(Equal("localhost"))
		}, bounded)

		It("expects the host of the address, a name or a number, unless it is told whom", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			at := listenTLS(serverTLS())
			_, port, err := net.SplitHostPort(at.String())
			Expect(err).NotTo(HaveOccurred())
			try := func(host, name string) error {
				p := &recorder.Stream{}
				err := connectTLS(ctx, w, p, net.JoinHostPort(host, port), eventloop.ConnectionConfig{
					TLS:      &tls.Config{RootCAs: pki().Pool, ServerName: name},
					Resolver: addresses{"127.0.0.1"},
				})
				if err == nil {
					w.on(ctx, p.Transport().Abort)
					ended(ctx, p)
				}
				return err
			}
			Expect(try("127.0.0.1", "")).To(Succeed())
			Expect(try("localhost", "")).To(Succeed())
			Expect(try("example.org", "localhost")).To(Succeed())
			Expect(try("example.org", "")).To(Satisfy(certificateError[x509.HostnameError]))
		}, bounded)

		DescribeTable("fails with the reason, and calls nothing, at", func(ctx SpecContext, server func() *tls.Config, is func(error) bool) {
			w, p := newRealWorld(kind), &recorder.Stream{}
			w.background()
			at := listenTLS(server())
			err := connectTLS(ctx, w, p, at.String(), eventloop.ConnectionConfig{})
			Expect(err).To(Satisfy(is), "%v", err)
			shape, ok := err.(*net.OpError)
			Expect(ok).To(BeTrue(), "%T", err)
			Expect(shape.Op).To(Equal("handshake"))
			Expect(shape.Addr.String()).To(Equal(at.String()))
			Expect(p.String()).To(BeEmpty())
		},
			Entry("a wrong name", bounded, func() *tls.Config {
				return &tls.Config{Certificates: []tls.Certificate{pki().Issue(time.Time{}, "example.org")}}
			}, certificateError[x509.HostnameError]),
			Entry("a certificate that has expired", bounded, func() *tls.Config {
				return &tls.Config{Certificates: []tls.Certificate{pki().Issue(time.Now().Add(-time.Minute), "localhost")}}
			}, certificateError[x509.CertificateInvalidError]),
			Entry("an issuer that nobody trusts", bounded, func() *tls.Config {
				return &tls.Config{Certificates: []tls.Certificate{conformance.NewPKI().Issue(time.Time{}, "localhost")}}
			}, certificateError[x509.UnknownAuthorityError]),
			Entry("no common version", bounded, func() *tls.Config {
				c := serverTLS()
				c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
				return c
			}, func(err error) bool { return bytes.Contains([]byte(err.Error()), []byte("protocol version")) }),
		)

		DescribeTable("fails with an error of its own at a peer that", func(ctx SpecContext, play func(c net.Conn), matcher OmegaMatcher) {
			w, p := newRealWorld(kind), &recorder.Stream{}
			w.background()
			err := connectTLS(ctx, w, p, speak(play), eventloop.ConnectionConfig{HandshakeTimeout: 200 * time.Millisecond})
			Expect(err).To(matcher)
			Expect(err).To(BeAssignableToTypeOf(&net.OpError{}))
			Expect(p.String()).To(BeEmpty())
		},
			Entry("speaks clear text", bounded, func(c net.Conn) { _, _ = c.Write([]byte("220 smtp.example.org\r\n")); _, _ = io.Copy(io.Discard, c) },
				MatchError(ContainSubstring("does not look like a TLS handshake"))),
			Entry("hangs up", bounded, func(c net.Conn) { _, _ = io.ReadAtLeast(c, make([]byte, 4096), 100) }, MatchError(errReset)),
			Entry("resets", bounded, func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) }, MatchError(errReset)),
			Entry("says nothing", bounded, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) },
				And(MatchError(platform.ECONNABORTED), MatchError(os.ErrDeadlineExceeded), HaveField("Timeout()", true))),
		)

		It("is given up by cancelling the future during the handshake", func(ctx SpecContext) {
			w, p := newRealWorld(kind), &recorder.Stream{}
			w.background()
			gone := make(chan struct{})
			to := speak(func(c net.Conn) {
				_, _ = io.Copy(io.Discard, c)
				close(gone)
			})
			limited, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
			defer cancel()
			Expect(connectTLS(limited, w, p, to, eventloop.ConnectionConfig{})).To(MatchError(context.DeadlineExceeded))
			Eventually(ctx, gone).Should(BeClosed())
			Expect(p.String()).To(BeEmpty())
		}, bounded)

		It("resumes a session", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			at := listenTLS(serverTLS())
			cfg := clientTLS()
			cfg.ClientSessionCache = tls.NewLRUClientSessionCache(1)
			for _, resumed := range []bool{false, true} {
				p := &recorder.Stream{}
				Expect(connectTLS(ctx, w, p, at.String(), eventloop.ConnectionConfig{TLS: cfg})).To(Succeed())
				t := p.Transport()
				Expect(stateOf(ctx, w, t).DidResume).To(Equal(resumed))
				w.on(ctx, func() { _, _ = t.Write([]byte("x")) })
				Eventually(ctx, p.String).Should(Equal("made data(1)"), "the ticket is there as well")
				w.on(ctx, func() { _ = t.Close() })
				ended(ctx, p)
			}
		}, bounded)

		It("sends a file by copying, in order with what is written", func(ctx SpecContext) {
			w, p := newRealWorld(kind), &recorder.Stream{}
			w.background()
			at := listenTLS(serverTLS())
			Expect(connectTLS(ctx, w, p, at.String(), eventloop.ConnectionConfig{})).To(Succeed())
			t, contents := p.Transport(), counting(700_000)
			f := fileOf(contents)
			w.on(ctx, func() { _, _ = t.Write([]byte("before")) })
			Expect(w.Sendfile(t, f, 100, 600_000).Await(ctx)).To(BeEquivalentTo(600_000))
			w.on(ctx, func() { _, _ = t.Write([]byte("after")) })
			Eventually(ctx, func() int { return len(p.Data()) }).Should(Equal(600_011))
			Expect(string(p.Data()) == "before"+string(contents[100:600_100])+"after").To(BeTrue())
			Expect(position(f)).To(BeEquivalentTo(600_100))
			w.on(ctx, t.Abort)
			ended(ctx, p)
		}, bounded)

		DescribeTable("refuses at once", func(network, to string, change func(*eventloop.ConnectionConfig)) {
			w := newWorld(kind)
			cfg := eventloop.ConnectionConfig{TLS: &tls.Config{RootCAs: pki().Pool}}
			change(&cfg)
			f := w.CreateConnection(newEcho, network, to, &cfg)
			refused := os.ErrInvalid
			if network == "unix" && !offers(kind, platform.CreateConnectionUnix) {
				refused = errors.ErrUnsupported
			}
			Expect(f.Done()).To(BeTrue())
			Expect(f.Err()).To(MatchError(refused))
		},
			Entry("a negative handshake timeout", "tcp", "127.0.0.1:1", func(c *eventloop.ConnectionConfig) { c.HandshakeTimeout = -1 }),
			Entry("a negative shutdown timeout", "tcp", "127.0.0.1:1", func(c *eventloop.ConnectionConfig) { c.ShutdownTimeout = -1 }),
			Entry("a timeout without TLS", "tcp", "127.0.0.1:1", func(c *eventloop.ConnectionConfig) { c.TLS, c.HandshakeTimeout = nil, 1 }),
			Entry("an address without a host", "tcp", ":1", func(*eventloop.ConnectionConfig) {}),
			Entry("a path without a ServerName", "unix", "/tmp/s", func(*eventloop.ConnectionConfig) {}),
		)

		It("goes over a Unix socket if it is told whom to expect", func(ctx SpecContext) {
			w, p := newRealWorld(kind), &recorder.Stream{}
			w.background()
			path := filepath.Join(GinkgoT().TempDir(), "s")
			server, err := w.CreateServer(newEcho, "unix", path, &eventloop.ServerConfig{TLS: serverTLS()}).Await(ctx)
			if !offers(kind, platform.CreateServerUnix) {
				Expect(err).To(MatchError(errors.ErrUnsupported))
				return
			}
			Expect(err).NotTo(HaveOccurred())
			c, err := w.CreateConnection(func() protocols.Protocol { return p }, "unix", path, &eventloop.ConnectionConfig{TLS: clientTLS()}).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			w.on(ctx, func() { _, _ = c.Transport.Write([]byte("hello")) })
			Eventually(ctx, p.String).Should(Equal("made data(5)"))
			w.on(ctx, func() { _ = c.Transport.Close() })
			ended(ctx, p)
			w.on(ctx, server.Close)
			Expect(server.WaitClosed(ctx)).To(Succeed())
		}, bounded)
	})
}
