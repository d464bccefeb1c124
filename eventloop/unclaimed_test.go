package eventloop_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
	"github.com/tidemill-go/tidemill/subprocess"
)

var errHadEnough = errors.New("had enough")

// leaver is a goroutine that gives up waiting while the loop is about to give it
// what it waits for. The loop hears of it one turn later.
type leaver struct {
	ctx  context.Context
	end  context.CancelCauseFunc
	gone chan struct{}
}

func newLeaver(ctx context.Context) *leaver {
	l := &leaver{gone: make(chan struct{})}
	l.ctx, l.end = context.WithCancelCause(ctx)
	return l
}

// leave is for a callback of the loop.
func (l *leaver) leave() {
	l.end(errHadEnough)
	select {
	case <-l.gone:
	case <-time.After(patient): // the wait tells of it
	}
}

// expectNothing waits for f until leave, and expects that nobody gets it any more.
func expectNothing[T any](l *leaver, f *eventloop.Future[T]) {
	GinkgoHelper()
	_, err := f.Await(l.ctx)
	close(l.gone)
	Expect(err).To(BeIdenticalTo(errHadEnough))
	Eventually(f.Cancelled).WithTimeout(patient).Should(BeTrue())
	Expect(f.Result()).Error().To(BeIdenticalTo(eventloop.ErrCancelled))
}

// before has leave called in the turn in which what begin asks the loop for, of
// another goroutine, is done.
func before[T any](w *world, l *leaver, begin func() *eventloop.Future[T]) *eventloop.Future[T] {
	GinkgoHelper()
	gate := make(chan struct{})
	Expect(w.Post(func() { <-gate })).To(Succeed())
	Expect(w.Post(func() { w.CallSoon(l.leave) })).To(Succeed())
	defer close(gate)
	return begin()
}

// unclaimed is where the specs are about values that come when nobody waits for
// them any more.
func unclaimed(specs func()) {
	Describe("what comes when the goroutine that waited for it has just left", specs)
}

func unclaimedSpecs(kind string) {
	unclaimed(func() {
		It("is closed, if it is a connection", func(ctx SpecContext) {
			w, p, late := newRealWorld(kind), &recorder.Stream{}, newLeaver(ctx)
			w.background()
			l := listen()
			p.OnMade = func(protocols.Transport) { late.leave() }
			expectNothing(late, w.CreateConnection(func() protocols.Protocol { return p }, "tcp", l.Addr().String(), nil))
			Eventually(ctx, p.Done()).Should(BeClosed())
			Expect(p.String()).To(Equal("made lost(nil)"))
		}, bounded)

		It("is closed, if it is a protocol of Connect", func(ctx SpecContext) {
			w, p, late := newRealWorld(kind), &recorder.Stream{}, newLeaver(ctx)
			w.background()
			l := listen()
			p.OnMade = func(protocols.Transport) { w.CallSoon(late.leave) }
			expectNothing(late, eventloop.Connect(w.Loop, func() *recorder.Stream { return p }, "tcp", l.Addr().String(), nil))
			Eventually(ctx, p.Done()).Should(BeClosed())
		}, bounded)

		It("is closed, if it is a server", func(ctx SpecContext) {
			w, late, l := newRealWorld(kind), newLeaver(ctx), ownListener()
			w.background()
			at := l.LocalAddr().String()
			expectNothing(late, before(w, late, func() *eventloop.Future[*eventloop.Server] {
				return w.CreateServer(newEcho, "tcp", "", &eventloop.ServerConfig{Listener: l})
			}))
			c, err := net.DialTimeout("tcp", at, patient)
			if err == nil {
				_ = c.Close()
			}
			Expect(err).To(HaveOccurred())
		}, bounded)

		It("is closed, if it is an accepted socket", func(ctx SpecContext) {
			w, late, server := newRealWorld(kind), newLeaver(ctx), rawSocketAt("tcp4", anyTCP)
			w.background()
			Expect(server.Listen(1)).To(Succeed())
			client := dial(server.LocalAddr())
			expectNothing(late, before(w, late, func() *eventloop.Future[eventloop.AcceptedSocket] { return w.SockAccept(server) }))
			Expect(client.SetReadDeadline(time.Now().Add(patient))).To(Succeed())
			Expect(client.Read(make([]byte, 1))).Error().To(MatchError("EOF"))
		}, bounded)

		It("is closed, if it is a connection that has become secure", func(ctx SpecContext) {
			w, p, late := newRealWorld(kind), &recorder.Stream{}, newLeaver(ctx)
			w.background()
			peer := connectToPeer(ctx, w, p)
			over := make(chan error, 1)
			go func() {
				far := tls.Server(peer, serverTLS())
				_, err := io.Copy(io.Discard, far)
				over <- errors.Join(err, far.Close())
			}()
			cfg := clientTLS()
			cfg.VerifyConnection = func(tls.ConnectionState) error { late.leave(); return nil }
			expectNothing(late, w.StartTLS(p.Transport(), p, cfg, nil))
			Eventually(ctx, p.Done()).Should(BeClosed())
			Expect(p.String()).To(Equal("made lost(nil)"))
			Eventually(ctx, over).Should(Receive())
		}, bounded)
	})
}

func unclaimedReadPipeSpecs(kind string) {
	unclaimed(func() {
		It("is closed, if it is a pipe to read from", func(ctx SpecContext) {
			w, p, late := newRealWorld(kind), &recorder.Stream{}, newLeaver(ctx)
			w.background()
			r, far := pipeInto(kind)
			p.OnMade = func(protocols.Transport) { late.leave() }
			expectNothing(late, w.ConnectReadPipe(func() protocols.Protocol { return p }, r))
			Eventually(ctx, p.Done()).Should(BeClosed())
			Eventually(ctx, func() error { _, err := far.WriteString("x"); return err }).Should(Satisfy(platform.IsDisconnect))
		}, bounded)
	})
}

func unclaimedWritePipeSpecs(kind string) {
	unclaimed(func() {
		It("is closed, if it is a pipe to write to", func(ctx SpecContext) {
			w, p, late := newRealWorld(kind), &recorder.Stream{}, newLeaver(ctx)
			w.background()
			far, wr := pipeOutOf(kind)
			p.OnMade = func(protocols.Transport) { late.leave() }
			expectNothing(late, w.ConnectWritePipe(func() protocols.Protocol { return p }, wr))
			Eventually(ctx, p.Done()).Should(BeClosed())
			Expect(far.Read(make([]byte, 1))).Error().To(MatchError("EOF"))
		}, bounded)
	})
}

func unclaimedDatagramSpecs(kind string) {
	unclaimed(func() {
		It("is closed, if it is a datagram endpoint", func(ctx SpecContext) {
			w, p, late := newRealWorld(kind), &recorder.Datagram{}, newLeaver(ctx)
			w.background()
			p.OnMade = func(protocols.DatagramTransport) { late.leave() }
			expectNothing(late, w.CreateDatagramEndpoint(func() protocols.DatagramProtocol { return p },
				&eventloop.DatagramConfig{Network: "udp4", LocalAddr: "127.0.0.1:0"}))
			Eventually(ctx, p.Done()).Should(BeClosed())
		}, bounded)
	})
}

func unclaimedChildSpecs(kind string) {
	unclaimed(func() {
		It("is killed, if it is a child", func(ctx SpecContext) {
			w, p, late := newNursery(kind), &recorder.Subprocess{}, newLeaver(ctx)
			p.OnMade = func(protocols.SubprocessTransport) { late.leave() }
			expectNothing(late, w.SubprocessExec(makes(p), shell("exec sleep 30", subprocess.Spec{})))
			Expect(w.ended(ctx, p)).To(Equal(killed))
		}, bounded)
	})
}
