package eventloop_test

import (
	"context"
	"crypto/tls"
	"io"
	"os"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

// blocking is a configuration whose certificate comes when the spec says so, or
// when the handshake is given up.
func blocking() (cfg *tls.Config, asked chan context.Context, answer chan struct{}) {
	asked, answer = make(chan context.Context, 1), make(chan struct{})
	return &tls.Config{GetCertificate: func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
		asked <- h.Context()
		select {
		case <-answer:
		case <-h.Context().Done():
			return nil, h.Context().Err()
		}
		c := localhost()
		return &c, nil
	}}, asked, answer
}

func tlsExecutorSpecs(kind string) {
	Describe("a handshake in the executor", func() {
		It("does not hold the loop up while a callback blocks", func(ctx SpecContext) {
			w, p := newRealWorld(kind), echoRecorder()
			w.background()
			cfg, asked, answer := blocking()
			server := servingTLS(ctx, w, func() protocols.Protocol { return p }, eventloop.ServerConfig{TLS: cfg, HandshakeInExecutor: true})
			c := tls.Client(dial(server.Addrs()[0]), clientTLS())
			over := make(chan string, 1)
			go func() {
				text, err := echoed(c, "hello")
				if err != nil {
					text = err.Error()
				}
				over <- text
			}()
			Eventually(ctx, asked).Should(Receive())
			w.on(ctx, func() {})
			Expect(p.String()).To(BeEmpty())
			close(answer)
			Eventually(ctx, over).Should(Receive(Equal("hello")))
			Expect(c.Close()).To(Succeed())
			ended(ctx, p)
			Expect(p.String()).To(Equal("made data(5) eof lost(nil)"))
			w.on(ctx, server.Close)
		}, bounded)

		It("is right for clients as well, and for much data behind it", func(ctx SpecContext) {
			w, p := newRealWorld(kind), &recorder.Stream{}
			w.background()
			at := listenTLS(serverTLS())
			Expect(connectTLS(ctx, w, p, at.String(), eventloop.ConnectionConfig{HandshakeInExecutor: true})).To(Succeed())
			t, sent := p.Transport(), counting(1<<20)
			w.on(ctx, func() { _, _ = t.Write(sent) })
			Eventually(ctx, func() int { return len(p.Data()) }).Should(Equal(len(sent)))
			Expect(string(p.Data()) == string(sent)).To(BeTrue())
			w.on(ctx, func() { _ = t.Close() })
			ended(ctx, p)
		}, bounded)

		It("fails as it does elsewhere", func(ctx SpecContext) {
			w, p := newRealWorld(kind), &recorder.Stream{}
			w.background()
			at := listenTLS(serverTLS())
			own := clientTLS()
			own.ServerName = "example.org"
			err := connectTLS(ctx, w, p, at.String(), eventloop.ConnectionConfig{TLS: own, HandshakeInExecutor: true})
			Expect(err).To(MatchError(ContainSubstring("certificate is valid for")))
			Expect(p.String()).To(BeEmpty())
		}, bounded)

		DescribeTable("lets go of its goroutine and of the connection", func(ctx SpecContext, end func(ctx context.Context, w *world, s *eventloop.Server, c io.Closer)) {
			w, p := newRealWorld(kind), &recorder.Stream{}
			halt := w.background()
			cfg, asked, _ := blocking()
			server := servingTLS(ctx, w, func() protocols.Protocol { return p }, eventloop.ServerConfig{
				TLS: cfg, HandshakeInExecutor: true, HandshakeTimeout: 300 * time.Millisecond,
			})
			raw := dial(server.Addrs()[0])
			over := make(chan error, 1)
			go func() { over <- tls.Client(raw, clientTLS()).Handshake() }()
			var handshake context.Context
			Eventually(ctx, asked).Should(Receive(&handshake))
			end(ctx, w, server, raw)
			Eventually(ctx, handshake.Done()).Should(BeClosed(), "the callback is told")
			if !w.IsClosed() {
				w.on(ctx, server.Close)
				Expect(server.WaitClosed(ctx)).To(Succeed())
				halt()
				Expect(w.Close()).To(Succeed())
			}
			Eventually(ctx, over).Should(Receive(HaveOccurred()))
			Expect(p.String()).To(BeEmpty())
		},
			Entry("after the timeout", bounded, func(context.Context, *world, *eventloop.Server, io.Closer) {}),
			Entry("when the server aborts it", bounded, func(ctx context.Context, w *world, s *eventloop.Server, _ io.Closer) {
				w.on(ctx, s.AbortClients)
			}),
			Entry("when the loop is closed", bounded, func(_ context.Context, w *world, _ *eventloop.Server, _ io.Closer) {
				w.Stop()
				Eventually(w.IsRunning).WithTimeout(patient).Should(BeFalse())
				Eventually(w.Close).WithTimeout(patient).Should(Succeed())
			}),
		)

		It("reports a panic of a callback", func(ctx SpecContext) {
			w, p := newRealWorld(kind), &recorder.Stream{}
			w.background()
			cfg := serverTLS()
			cfg.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { panic("boom") }
			server := servingTLS(ctx, w, func() protocols.Protocol { return p }, eventloop.ServerConfig{TLS: cfg, HandshakeInExecutor: true})
			_, err := tls.Dial("tcp", server.Addrs()[0].String(), clientTLS())
			Expect(err).To(HaveOccurred())
			w.on(ctx, server.Close)
			Expect(server.WaitClosed(ctx)).To(Succeed())
			Expect(w.reports()).To(HaveExactElements(HaveField("Err", MatchError(ContainSubstring("boom")))))
		}, bounded)

		It("is refused together with the executor", func(ctx SpecContext) {
			w, p := newRealWorld(kind), &recorder.Stream{}
			w.background()
			at := listenTLS(serverTLS())
			_, err := w.ShutdownDefaultExecutor().Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			err = connectTLS(ctx, w, p, at.String(), eventloop.ConnectionConfig{HandshakeInExecutor: true})
			Expect(err).To(MatchError(eventloop.ErrInvalidState))
			Expect(err).NotTo(MatchError(os.ErrDeadlineExceeded))
			Expect(p.String()).To(BeEmpty())
		}, bounded)
	})
}
