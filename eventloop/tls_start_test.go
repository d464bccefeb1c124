package eventloop_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"os"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

// upgrading is a server whose connections go over to TLS when they get "STARTTLS",
// and echo afterwards.
type upgrading struct {
	recorder.Stream
	w       *world
	upgrade *eventloop.Future[protocols.Transport]
}

func (u *upgrading) DataReceived(b []byte) {
	u.Stream.DataReceived(b)
	t := u.Transport()
	if u.upgrade != nil {
		v, _ := u.upgrade.Result()
		_, _ = v.Write(b)
		return
	}
	_, _ = t.Write([]byte("go"))
	u.upgrade = u.w.StartTLS(t, u, serverTLS(), &eventloop.StartTLSConfig{Server: true})
}

func startTLSSpecs(kind string) {
	Describe("StartTLS", func() {
		It("makes a server's connection secure", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			u := &upgrading{w: w}
			server := serving(ctx, w, func() protocols.Protocol { return u })
			raw := dial(server.Addrs()[0])
			_, err := raw.Write([]byte("STARTTLS"))
			Expect(err).NotTo(HaveOccurred())
			_, err = io.ReadFull(raw, make([]byte, 2))
			Expect(err).NotTo(HaveOccurred())
			c := tls.Client(raw, clientTLS())
			Expect(echoed(c, "hello")).To(Equal("hello"))
			Expect(echoed(c, "again")).To(Equal("again"))
			w.on(ctx, server.CloseClients)
			expectGoodbye(c)
			Expect(c.Close()).To(Succeed())
			Eventually(ctx, u.Done()).Should(BeClosed())
			Expect(u.String()).To(Equal("made data(18) lost(nil)"))
			w.on(ctx, server.Close)
			Expect(server.WaitClosed(ctx)).To(Succeed())
		}, bounded)

		// plain connects p to a peer in clear text.
		plain := func(ctx context.Context, w *world, p *recorder.Stream) (t protocols.Transport, peer *net.TCPConn) {
			GinkgoHelper()
			peer = connectToPeer(ctx, w, p)
			return p.Transport(), peer
		}

		It("makes a client's connection secure, and its future a new transport", func(ctx SpecContext) {
			w, p := newRealWorld(kind), &recorder.Stream{}
			w.background()
			old, peer := plain(ctx, w, p)
			far := tls.Server(peer, serverTLS())
			shaken := make(chan error, 1)
			go func() {
				err := far.Handshake()
				_, _ = far.Write([]byte("welcome"))
				shaken <- err
			}()
			t, err := w.StartTLS(old, p, &tls.Config{RootCAs: pki().Pool}, &eventloop.StartTLSConfig{ServerName: "localhost"}).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			Eventually(ctx, shaken).Should(Receive(BeNil()))
			Expect(t).NotTo(BeIdenticalTo(old))
			Expect(t.Protocol()).To(BeIdenticalTo(p))
			Eventually(ctx, p.String).Should(Equal("made data(7)"))
			Expect(stateOf(ctx, w, t).ServerName).To(Equal("localhost"))
			w.on(ctx, func() { _ = t.Close() })
			Expect(far.Close()).To(Succeed())
			ended(ctx, p)
			Expect(p.String()).To(Equal("made data(7) lost(nil)"))
		}, bounded)

		It("closes the transport when the peer is not to be trusted, and its protocol hears why", func(ctx SpecContext) {
			w, p := newRealWorld(kind), &recorder.Stream{}
			w.background()
			old, peer := plain(ctx, w, p)
			over := make(chan error, 1)
			go func() { over <- tls.Server(peer, serverTLS()).Handshake() }()
			_, err := w.StartTLS(old, p, &tls.Config{RootCAs: pki().Pool, ServerName: "example.org"}, nil).Await(ctx)
			Expect(err).To(MatchError(ContainSubstring("certificate is valid for")))
			Eventually(ctx, over).Should(Receive(HaveOccurred()))
			ended(ctx, p)
			Expect(p.Err()).To(Equal(err))
		}, bounded)

		It("aborts the transport when it is cancelled", func(ctx SpecContext) {
			w, p := newRealWorld(kind), &recorder.Stream{}
			w.background()
			old, peer := plain(ctx, w, p)
			limited, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
			defer cancel()
			_, err := w.StartTLS(old, p, clientTLS(), nil).Await(limited)
			Expect(err).To(MatchError(context.DeadlineExceeded))
			ended(ctx, p)
			Expect(p.String()).To(Equal("made lost(nil)"))
			Expect(io.Copy(io.Discard, peer)).To(BeNumerically(">", 100), "a hello, and then the end")
		}, bounded)

		It("ends a handshake that stalls", func(ctx SpecContext) {
			w, p := newRealWorld(kind), &recorder.Stream{}
			w.background()
			old, _ := plain(ctx, w, p)
			_, err := w.StartTLS(old, p, clientTLS(), &eventloop.StartTLSConfig{HandshakeTimeout: 50 * time.Millisecond}).Await(ctx)
			Expect(err).To(And(MatchError(platform.ECONNABORTED), MatchError(os.ErrDeadlineExceeded)))
			ended(ctx, p)
			Expect(p.Err()).To(Equal(err))
		}, bounded)

		It("refuses what makes no sense at once, and leaves the transport alone", func(ctx SpecContext) {
			w, p := newRealWorld(kind), &recorder.Stream{}
			w.background()
			t, peer := plain(ctx, w, p)
			for _, f := range []*eventloop.Future[protocols.Transport]{
				w.StartTLS(nil, p, clientTLS(), nil),
				w.StartTLS(t, nil, clientTLS(), nil),
				w.StartTLS(t, p, nil, nil),
				w.StartTLS(t, p, &tls.Config{}, nil),
				w.StartTLS(t, p, clientTLS(), &eventloop.StartTLSConfig{Server: true}),
				w.StartTLS(t, p, clientTLS(), &eventloop.StartTLSConfig{HandshakeTimeout: -1}),
				w.StartTLS(t, p, clientTLS(), &eventloop.StartTLSConfig{ShutdownTimeout: -1}),
				w.StartTLS(struct{ protocols.Transport }{t}, p, clientTLS(), nil),
			} {
				Expect(f.Done()).To(BeTrue())
				Expect(f.Err()).To(MatchError(os.ErrInvalid))
			}
			f := w.StartTLS(t, p, clientTLS(), &eventloop.StartTLSConfig{WriteBufferLimits: protocols.Watermarks{Low: 2, High: 1}})
			Expect(f.Err()).To(MatchError(protocols.ErrInvalidWatermarks))
			_, err := peer.Write([]byte("hello"))
			Expect(err).NotTo(HaveOccurred())
			Eventually(ctx, p.String).Should(Equal("made data(5)"))
			w.on(ctx, func() { _ = t.Close() })
			_, err = w.StartTLS(t, p, clientTLS(), nil).Await(ctx)
			Expect(err).To(MatchError(eventloop.ErrInvalidState))
			ended(ctx, p)
		}, bounded)
	})
}
