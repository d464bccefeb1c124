package streams_test

import (
	"bufio"
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
	"github.com/tidemill-go/tidemill/eventloop/streams"
)

// security returns configurations for both sides, whose certificate is for
// localhost and 127.0.0.1.
func security() (server, client *tls.Config) {
	GinkgoHelper()
	certs := filepath.Join("..", "..", "conformance", "certs")
	pair, err := tls.LoadX509KeyPair(filepath.Join(certs, "server.pem"), filepath.Join(certs, "server.key"))
	Expect(err).NotTo(HaveOccurred())
	ca, err := os.ReadFile(filepath.Join(certs, "ca.pem"))
	Expect(err).NotTo(HaveOccurred())
	roots := x509.NewCertPool()
	Expect(roots.AppendCertsFromPEM(ca)).To(BeTrue())
	return &tls.Config{Certificates: []tls.Certificate{pair}}, &tls.Config{RootCAs: roots}
}

func startTLSSpecs(kind string) {
	Describe("StartTLS of a StreamWriter", func() {
		var (
			w              *world
			server, client *tls.Config
		)
		BeforeEach(func() {
			w = newWorld(kind)
			server, client = security()
		})

		// upgrading is a handler that answers a line, upgrades, and echoes.
		upgrading := func(outcome chan<- error) streams.Handler {
			return func(ctx context.Context, r *streams.StreamReader, out *streams.StreamWriter) error {
				if _, err := r.ReadLine(ctx); err != nil {
					return err
				}
				_, _ = io.WriteString(out, "go ahead\n")
				err := out.StartTLS(ctx, server, nil)
				outcome <- err
				if err != nil {
					return nil
				}
				return echoLines(ctx, r, out)
			}
		}

		It("goes on with the same reader and writer, on both sides", func(ctx context.Context) {
			outcome := make(chan error, 1)
			s := w.serve(ctx, upgrading(outcome), nil)
			Expect(in(ctx, w, func(ctx context.Context) (string, error) {
				r, out, err := streams.OpenConnection(ctx, w.Loop, "tcp", s.Addrs()[0].String(), nil)
				if err != nil {
					return "", err
				}
				_, _ = io.WriteString(out, "upgrade\n")
				answer, err := r.ReadLine(ctx)
				if err != nil {
					return "", err
				}
				said := string(answer)
				if err := out.StartTLS(ctx, client, nil); err != nil {
					return said, err
				}
				if state, secure := out.ConnectionState(); !secure || !state.HandshakeComplete {
					return said, errors.New("not secure")
				}
				_, _ = io.WriteString(out, "in secret\n")
				echo, err := r.ReadLine(ctx)
				said += string(echo)
				_ = out.Close()
				return said, errors.Join(err, out.WaitClosed(ctx))
			})).To(Equal("go ahead\nin secret\n"))
			Expect(outcome).To(Receive(BeNil()))
		}, bounded)

		It("upgrades a connection of crypto/tls", func(ctx context.Context) {
			s := w.serve(ctx, upgrading(make(chan error, 1)), nil)
			c := visit(s)
			Expect(c.Write([]byte("upgrade\n"))).To(Equal(8))
			Expect(io.ReadFull(c, make([]byte, 9))).To(Equal(9))
			client.ServerName = "localhost"
			secure := tls.Client(c, client)
			Expect(secure.Write([]byte("one\ntwo\n"))).To(Equal(8))
			lines := bufio.NewReader(secure)
			Expect(lines.ReadString('\n')).To(Equal("one\n"))
			Expect(lines.ReadString('\n')).To(Equal("two\n"))
			Expect(secure.CloseWrite()).To(Succeed())
			Expect(io.ReadAll(lines)).To(BeEmpty(), "the handler has ended the connection")
		}, bounded)

		It("refuses clear text that came before it, so that nothing is smuggled in", func(ctx context.Context) {
			outcome := make(chan error, 1)
			s := w.serve(ctx, upgrading(outcome), nil)
			c := visit(s)
			Expect(c.Write([]byte("upgrade\nsmuggled\n"))).To(Equal(17))
			Eventually(ctx, outcome).Should(Receive(MatchError(eventloop.ErrInvalidState)))
			Expect(io.ReadAll(c)).To(BeEquivalentTo("go ahead\n"))
		}, bounded)

		It("tells of a peer that does not trust, and closes the connection", func(ctx context.Context) {
			outcome := make(chan error, 1)
			s := w.serve(ctx, upgrading(outcome), nil)
			_, err := in(ctx, w, func(ctx context.Context) (string, error) {
				r, out, err := streams.OpenConnection(ctx, w.Loop, "tcp", s.Addrs()[0].String(), nil)
				if err != nil {
					return "", err
				}
				_, _ = io.WriteString(out, "upgrade\n")
				if _, err := r.ReadLine(ctx); err != nil {
					return "", err
				}
				first := out.StartTLS(ctx, &tls.Config{RootCAs: x509.NewCertPool()}, nil)
				if err := out.WaitClosed(ctx); err == nil {
					return "", errors.New("the end has no cause")
				}
				return "", first
			})
			Expect(err).To(BeAssignableToTypeOf(&net.OpError{}))
			var untrusted *tls.CertificateVerificationError
			Expect(errors.As(err, &untrusted)).To(BeTrue())
			Eventually(ctx, outcome).Should(Receive(HaveField("Op", "handshake")))
		}, bounded)

		It("ends with its context, and closes the connection", func(ctx context.Context) {
			_, out, peer := w.open(ctx, nil)
			_, err := in(ctx, w, func(ctx context.Context) (int, error) {
				ctx, cancel := context.WithCancel(ctx)
				defer cancel()
				w.CallLater(0, cancel)
				return 0, out.StartTLS(ctx, client, nil)
			})
			Expect(err).To(MatchError(context.Canceled))
			_, err = io.ReadAll(peer)
			Expect(err).NotTo(HaveOccurred())
			Expect(lostNow(w, ctx, out)).To(BeTrue())
		}, bounded)

		It("is refused while a task reads, and leaves the connection as it is", func(ctx context.Context) {
			r, out, peer := w.open(ctx, nil)
			reading := eventloop.CreateTask(w.Loop, func(ctx context.Context) (string, error) { return line(ctx, r) })
			_, err := in(ctx, w, func(ctx context.Context) (int, error) { return 0, out.StartTLS(ctx, client, nil) })
			Expect(err).To(MatchError(eventloop.ErrInvalidState))
			Expect(peer.Write([]byte("clear\n"))).To(Equal(6))
			Expect(reading.Await(ctx)).To(Equal("clear\n"))
			_, err = in(ctx, w, func(ctx context.Context) (int, error) { return 0, out.StartTLS(ctx, nil, nil) })
			Expect(err).To(MatchError(os.ErrInvalid))
			w.on(ctx, func() { _, err = out.Write([]byte("still there")) })
			Expect(err).NotTo(HaveOccurred())
			Expect(io.ReadFull(peer, make([]byte, 11))).To(Equal(11))
		}, bounded)
	})

	Describe("a stream over TLS", func() {
		It("answers the last line of a client whose end came with it", func(ctx context.Context) {
			w := newWorld(kind)
			server, client := security()
			s := w.serve(ctx, func(ctx context.Context, r *streams.StreamReader, out *streams.StreamWriter) error {
				for line, err := range r.Lines(ctx) {
					if err != nil {
						return err
					}
					said := string(line)
					for range 3 { // the end is there before the answer
						if err := eventloop.Sleep(ctx, 0); err != nil {
							return err
						}
					}
					if _, err := io.WriteString(out, said); err != nil {
						return err
					}
				}
				return nil
			}, &streams.ServeConfig{Server: eventloop.ServerConfig{TLS: server}})
			client.ServerName = "localhost"
			c := &held{Conn: visit(s)}
			secure := tls.Client(c, client)
			Expect(secure.Handshake()).To(Succeed())
			c.holds = true
			Expect(secure.Write([]byte("one\ntwo\n"))).To(Equal(8))
			Expect(secure.CloseWrite()).To(Succeed())
			Expect(c.SetWriteDeadline(time.Time{})).To(Succeed()) // crypto/tls has let it pass
			Expect(c.Conn.Write(c.held)).To(Equal(len(c.held)))
			Expect(io.ReadAll(secure)).To(BeEquivalentTo("one\ntwo\n"))
		}, bounded)

		It("serves and connects, and ends with the peer's half", func(ctx context.Context) {
			w := newWorld(kind)
			server, client := security()
			s := w.serve(ctx, echoLines, &streams.ServeConfig{Server: eventloop.ServerConfig{TLS: server}})
			Expect(in(ctx, w, func(ctx context.Context) (string, error) {
				r, out, err := streams.OpenConnection(ctx, w.Loop, "tcp", s.Addrs()[0].String(),
					&streams.OpenConfig{Connection: eventloop.ConnectionConfig{TLS: client}})
				if err != nil {
					return "", err
				}
				if err := out.WriteEOF(); !errors.Is(err, errors.ErrUnsupported) {
					return "half-closed", err
				}
				_, _ = io.WriteString(out, "hello\n")
				echo, err := r.ReadLine(ctx)
				said := string(echo)
				return said, errors.Join(err, out.Close(), out.WaitClosed(ctx))
			})).To(Equal("hello\n"))
		}, bounded)
	})
}

// held is a connection whose writes can be kept, to leave together.
type held struct {
	net.Conn
	holds bool
	held  []byte
}

func (h *held) Write(b []byte) (int, error) {
	if !h.holds {
		return h.Conn.Write(b)
	}
	h.held = append(h.held, b...)
	return len(b), nil
}
