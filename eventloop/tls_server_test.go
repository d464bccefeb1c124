package eventloop_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
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
)

func tlsServerSpecs(kind string) {
	Describe("a server of TLS", func() {
		for name, version := range map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13} {
			It("serves many clients of crypto/tls, in TLS "+name, func(ctx SpecContext) {
				w := newRealWorld(kind)
				w.background()
				server := servingTLS(ctx, w, newEcho, eventloop.ServerConfig{})
				cfg := clientTLS()
				cfg.MinVersion, cfg.MaxVersion = version, version
				var clients []*tls.Conn
				for range 10 {
					clients = append(clients, dialTLS(server.Addrs()[0], cfg))
				}
				for i, c := range clients {
					text := fmt.Sprint("client ", i)
					Expect(echoed(c, text)).To(Equal(text))
				}
				big := counting(1 << 20)
				go func() { _, _ = clients[0].Write(big) }()
				got := make([]byte, len(big))
				_, err := io.ReadFull(clients[0], got)
				Expect(err).NotTo(HaveOccurred())
				Expect(string(got) == string(big)).To(BeTrue())
				w.on(ctx, server.Close)
			}, bounded)
		}

		It("agrees on a protocol, takes the certificate by name, and asks for the client's", func(ctx SpecContext) {
			w, p := newRealWorld(kind), echoRecorder()
			w.background()
			asked := make(chan string, 1)
			cfg := &tls.Config{
				NextProtos: []string{"h2", "echo"}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pki().Pool,
				GetCertificate: func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
					asked <- h.ServerName
					c := localhost()
					return &c, nil
				},
			}
			server := servingTLS(ctx, w, func() protocols.Protocol { return p }, eventloop.ServerConfig{TLS: cfg})
			own := clientTLS()
			own.NextProtos = []string{"echo"}
			own.Certificates = []tls.Certificate{pki().Issue(time.Time{}, "client")}
			c := dialTLS(server.Addrs()[0], own)
			Expect(echoed(c, "hello")).To(Equal("hello"))
			Expect(asked).To(Receive(Equal("localhost")))
			Expect(c.ConnectionState().NegotiatedProtocol).To(Equal("echo"))
			state := stateOf(ctx, w, p.Transport())
			Expect(state.NegotiatedProtocol).To(Equal("echo"))
			Expect(state.ServerName).To(Equal("localhost"))
			Expect(state.PeerCertificates[0].Subject.CommonName).To(Equal("client"))
			w.on(ctx, server.Close)
		}, bounded)

		It("resumes sessions, on whichever of its addresses they began", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			server := servingTLS(ctx, w, newEcho, eventloop.ServerConfig{Addresses: []string{"127.0.0.1:0"}})
			cfg := clientTLS()
			cfg.ClientSessionCache = tls.NewLRUClientSessionCache(1)
			for i, at := range server.Addrs() {
				c := dialTLS(at, cfg)
				Expect(echoed(c, "hello")).To(Equal("hello"))
				Expect(c.ConnectionState().DidResume).To(Equal(i > 0))
				Expect(c.Close()).To(Succeed())
			}
			w.on(ctx, server.Close)
		}, bounded)

		It("serves over a Unix socket", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			path := filepath.Join(GinkgoT().TempDir(), "s")
			server, err := w.CreateServer(newEcho, "unix", path, &eventloop.ServerConfig{TLS: serverTLS()}).Await(ctx)
			if !offers(kind, platform.CreateServerUnix) {
				Expect(err).To(MatchError(errors.ErrUnsupported))
				return
			}
			Expect(err).NotTo(HaveOccurred())
			Expect(echoed(dialTLS(server.Addrs()[0], clientTLS()), "hello")).To(Equal("hello"))
			w.on(ctx, server.Close)
		}, bounded)

		It("delivers 8 MiB to a slow reader although it closes right after the write", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			sent := counting(8 << 20)
			server := servingTLS(ctx, w, func() protocols.Protocol {
				p := &recorder.Stream{}
				p.OnMade = func(t protocols.Transport) {
					_, _ = t.Write(sent)
					_ = t.Close()
				}
				return p
			}, eventloop.ServerConfig{})
			c := dialTLS(server.Addrs()[0], clientTLS())
			got, err := io.ReadAll(c)
			Expect(err).NotTo(HaveOccurred(), "close_notify comes behind the data")
			Expect(string(got) == string(sent)).To(BeTrue())
			w.on(ctx, server.Close)
		}, bounded)

		DescribeTable("drops without a word to its protocol a client that", func(ctx SpecContext, play func(c *net.TCPConn)) {
			w, p := newRealWorld(kind), &recorder.Stream{}
			w.background()
			server := servingTLS(ctx, w, func() protocols.Protocol { return p }, eventloop.ServerConfig{HandshakeTimeout: 100 * time.Millisecond})
			c := dial(server.Addrs()[0])
			play(c)
			_, _ = io.ReadAll(c)
			w.on(ctx, server.Close)
			Expect(server.WaitClosed(ctx)).To(Succeed())
			Expect(p.String()).To(BeEmpty())
			Expect(server.Statistics()).To(Equal(eventloop.ServerStatistics{Accepted: 1}))
		},
			Entry("speaks clear text", bounded, func(c *net.TCPConn) { _, _ = c.Write([]byte("GET / HTTP/1.0\r\n\r\n")) }),
			Entry("says nothing", bounded, func(*net.TCPConn) {}),
			Entry("stops in the middle of its hello", bounded, func(c *net.TCPConn) { _, _ = c.Write([]byte("\x16\x03\x01\x02\x00\x01")) }),
			Entry("hangs up", bounded, func(c *net.TCPConn) { _ = c.CloseWrite() }),
			Entry("resets", bounded, func(c *net.TCPConn) { _ = c.SetLinger(0); _ = c.Close() }),
		)

		It("counts connections until their ConnectionLost has returned, and closes them in an orderly way", func(ctx SpecContext) {
			w, p := newRealWorld(kind), &recorder.Stream{}
			w.background()
			server := servingTLS(ctx, w, func() protocols.Protocol { return p }, eventloop.ServerConfig{})
			c := dialTLS(server.Addrs()[0], clientTLS())
			Eventually(ctx, p.String).Should(Equal("made"))
			Expect(statistics(ctx, w, server).Connections).To(Equal(1))
			seen := -1
			p.OnLost = func(error) { seen = server.Statistics().Connections }
			w.on(ctx, func() {
				server.Close()
				server.CloseClients()
			})
			expectGoodbye(c)
			Expect(c.Close()).To(Succeed())
			Expect(server.WaitClosed(ctx)).To(Succeed())
			Expect(p.String()).To(Equal("made lost(nil)"))
			Expect(seen).To(Equal(1))
		}, bounded)

		It("aborts handshakes that are under way by AbortClients, and with the loop", func(ctx SpecContext) {
			w := newRealWorld(kind)
			halt := w.background()
			server := servingTLS(ctx, w, newEcho, eventloop.ServerConfig{})
			first := dial(server.Addrs()[0])
			Eventually(ctx, func() int { return statistics(ctx, w, server).Connections }).Should(Equal(1))
			w.on(ctx, server.AbortClients)
			Expect(io.ReadAll(first)).To(BeEmpty())
			_, err := dial(server.Addrs()[0]).Write([]byte("\x16\x03\x01\x02\x00\x01"))
			Expect(err).NotTo(HaveOccurred())
			Eventually(ctx, func() uint64 { return statistics(ctx, w, server).Accepted }).Should(BeEquivalentTo(2))
			halt() // the world closes the loop, and finds goroutines that are left
		}, bounded)

		It("takes a connection over that was accepted elsewhere", func(ctx SpecContext) {
			w, p := newRealWorld(kind), echoRecorder()
			w.background()
			l := ownListener()
			answer := make(chan string, 1)
			go func() {
				c, err := tls.Dial("tcp", l.LocalAddr().String(), clientTLS())
				if err != nil {
					answer <- err.Error()
					return
				}
				text, _ := echoed(c, "hello")
				_ = c.Close()
				answer <- text
			}()
			_, err := w.ConnectAcceptedSocket(func() protocols.Protocol { return p }, acceptOwn(l), &eventloop.ConnectionConfig{TLS: serverTLS()}).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			Eventually(ctx, answer).Should(Receive(Equal("hello")))
			ended(ctx, p)
		}, bounded)

		It("calls a client's reset ECONNRESET", func(ctx SpecContext) {
			if onWine() {
				Skip("Wine: a reset is sometimes received as the end")
			}
			w, p := newRealWorld(kind), echoRecorder()
			w.background()
			server := servingTLS(ctx, w, func() protocols.Protocol { return p }, eventloop.ServerConfig{})
			c := dialTLS(server.Addrs()[0], clientTLS())
			Expect(echoed(c, "x")).To(Equal("x"))
			Expect(c.NetConn().(*net.TCPConn).SetLinger(0)).To(Succeed())
			Expect(c.NetConn().Close()).To(Succeed())
			ended(ctx, p)
			Expect(p.Err()).To(MatchError(errReset))
			Expect(p.String()).To(HavePrefix("made data(1) lost("))
			w.on(ctx, server.Close)
		}, bounded)

		It("says goodbye at the end of Run, and gives up handshakes", func(ctx SpecContext) {
			newRunWorld(eventloop.SelectorConfig{Selector: kind})
			limited, cancel := context.WithCancel(ctx)
			over, listening := make(chan error, 1), make(chan net.Addr, 1)
			go func() {
				over <- eventloop.Run(limited, func(ctx context.Context, l *eventloop.Loop) error {
					server, err := l.CreateServer(newEcho, "tcp", "127.0.0.1:0", &eventloop.ServerConfig{TLS: serverTLS()}).Await(ctx)
					if err != nil {
						return err
					}
					listening <- server.Addrs()[0]
					return server.ServeForever(ctx)
				})
			}()
			at := <-listening
			silent, c := dial(at), dialTLS(at, clientTLS())
			Expect(echoed(c, "hello")).To(Equal("hello"))
			cancel()
			expectGoodbye(c)
			Expect(c.Close()).To(Succeed())
			Expect(io.ReadAll(silent)).To(BeEmpty())
			Eventually(ctx, over).Should(Receive(MatchError(context.Canceled)))
		}, bounded)

		DescribeTable("refuses at once", func(change func(*eventloop.ServerConfig)) {
			w := newWorld(kind)
			cfg := eventloop.ServerConfig{TLS: serverTLS()}
			change(&cfg)
			f := w.CreateServer(newEcho, "tcp", "127.0.0.1:0", &cfg)
			Expect(f.Done()).To(BeTrue())
			Expect(f.Err()).To(MatchError(os.ErrInvalid))
		},
			Entry("a negative handshake timeout", func(c *eventloop.ServerConfig) { c.HandshakeTimeout = -1 }),
			Entry("a negative shutdown timeout", func(c *eventloop.ServerConfig) { c.ShutdownTimeout = -1 }),
			Entry("no certificate", func(c *eventloop.ServerConfig) { c.TLS = &tls.Config{} }),
			Entry("a handshake timeout without TLS", func(c *eventloop.ServerConfig) { c.TLS, c.HandshakeTimeout = nil, time.Second }),
			Entry("a shutdown timeout without TLS", func(c *eventloop.ServerConfig) { c.TLS, c.ShutdownTimeout = nil, time.Second }),
			Entry("a handshake in the executor without TLS", func(c *eventloop.ServerConfig) { c.TLS, c.HandshakeInExecutor = nil, true }),
		)

		It("leaves the configuration alone", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			cfg := serverTLS()
			server := servingTLS(ctx, w, newEcho, eventloop.ServerConfig{TLS: cfg})
			cfg.Certificates = nil // not the server's any more
			Expect(echoed(dialTLS(server.Addrs()[0], clientTLS()), "x")).To(Equal("x"))
			w.on(ctx, server.Close)
		}, bounded)
	})
}
