package eventloop_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/looptest"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
	"github.com/tidemill-go/tidemill/subprocess"
)

func subprocessLoopSpecs(kind string) {
	Describe("cancelling SubprocessExec", func() {
		It("kills the child before the protocol hears of it", func(ctx SpecContext) { // L24
			w, p := newNursery(kind), &recorder.Subprocess{}
			made := 0
			var f *eventloop.Future[eventloop.SubprocessConnection]
			w.on(ctx, func() {
				f = w.SubprocessExec(func() protocols.SubprocessProtocol { made++; return p }, cat())
				f.Cancel()
			})
			Expect(f.Await(ctx)).Error().To(MatchError(eventloop.ErrCancelled))
			Eventually(childProcesses).WithTimeout(patient).Should(BeEmpty())
			Expect(made).To(Equal(1))
			w.on(ctx, func() {})
			Expect(p.String()).To(BeEmpty())
		}, bounded)

		It("kills it when ConnectionMade does that", func(ctx SpecContext) { // L24
			w, p := newNursery(kind), &recorder.Subprocess{}
			var f *eventloop.Future[eventloop.SubprocessConnection]
			p.OnMade = func(protocols.SubprocessTransport) { f.Cancel() }
			w.on(ctx, func() { f = w.SubprocessExec(makes(p), cat()) })
			Expect(w.ended(ctx, p)).To(Equal(killed))
			Expect(p.Violations()).To(BeEmpty())
		}, bounded)

		It("counts when it comes from elsewhere while the child is being started", func(ctx SpecContext) { // L24
			w, p := newNursery(kind), &recorder.Subprocess{}
			starting, cancelled := make(chan bool), make(chan bool)
			f := w.SubprocessExec(func() protocols.SubprocessProtocol {
				close(starting)
				<-cancelled
				return p
			}, cat())
			Eventually(ctx, starting).Should(BeClosed())
			Expect(w.Post(func() { f.Cancel() })).To(Succeed())
			close(cancelled)
			Expect(f.Await(ctx)).Error().To(MatchError(eventloop.ErrCancelled))
			Eventually(childProcesses).WithTimeout(patient).Should(BeEmpty())
			Expect(p.String()).To(BeEmpty())
		}, bounded)

		It("leaves nothing in whatever turn it comes", func(ctx SpecContext) { // L24
			w := newNursery(kind)
			for turns := range 8 {
				p := &recorder.Subprocess{}
				f := w.SubprocessExec(makes(p), cat())
				late := make(chan bool, 1)
				var cancel func()
				cancel = func() {
					if turns--; turns >= 0 {
						w.CallSoon(cancel)
						return
					}
					late <- !f.Cancel()
				}
				Expect(w.Post(cancel)).To(Succeed())
				if <-late {
					w.on(ctx, func() { _ = p.Transport().Close() })
					w.ended(ctx, p)
				}
				Eventually(childProcesses).WithTimeout(patient).Should(BeEmpty())
				Expect(p.Violations()).To(BeEmpty())
			}
		}, bounded)

		It("does not start what was not begun", func(ctx SpecContext) {
			guardChildren()
			w := newRealWorld(kind)
			made := 0
			f := w.SubprocessExec(func() protocols.SubprocessProtocol { made++; return subprocess.Held() }, cat())
			f.Cancel()
			w.background()
			w.on(ctx, func() {})
			Expect(made).To(BeZero())
		}, bounded)
	})

	Describe("Close of a loop with children", func() {
		It("kills them, has them reaped, calls nobody, and says so", func(ctx SpecContext) {
			guardChildren()
			var log lockedBuffer
			w := newConfiguredWorld(eventloop.SelectorConfig{Selector: kind, Logger: slog.New(slog.NewTextHandler(&log, nil))})
			halt := w.background()
			ps := []*recorder.Subprocess{{}, {}}
			for _, p := range ps {
				w.exec(ctx, p, cat())
			}
			halt()
			over := make(chan error, 1)
			go func() { _, err := ps[0].Transport().Wait(context.Background()); over <- err }()
			Consistently(over).WithTimeout(tick).ShouldNot(Receive())
			Expect(w.Close()).To(Succeed())
			Expect(log.String()).To(ContainSubstring("processes=2"))
			Eventually(childProcesses).WithTimeout(patient).Should(BeEmpty())
			Eventually(ctx, over).Should(Receive(MatchError(eventloop.ErrLoopClosed)))
			for _, p := range ps {
				Expect(p.String()).To(Equal("made"))
			}
			Expect(w.SubprocessExec(makes(ps[0]), cat()).Await(ctx)).Error().To(MatchError(eventloop.ErrLoopClosed))
		}, bounded)

		It("is silent about those that are over", func(ctx SpecContext) {
			guardChildren()
			var log lockedBuffer
			w := newConfiguredWorld(eventloop.SelectorConfig{Selector: kind, Logger: slog.New(slog.NewTextHandler(&log, nil))})
			halt, p := w.background(), &recorder.Subprocess{}
			w.exec(ctx, p, nothing())
			w.ended(ctx, p)
			halt()
			Expect(w.Close()).To(Succeed())
			Expect(log.String()).To(BeEmpty())
		}, bounded)
	})

	Describe("the end of Run with children", func() {
		It("kills them and waits until they are lost", func(ctx SpecContext) {
			for _, linger := range []time.Duration{0, -1} {
				p, log := &recorder.Subprocess{}, &lockedBuffer{}
				err := runsWith(kind, linger, log, func(ctx context.Context, l *eventloop.Loop) error {
					_, err := l.SubprocessExec(makes(p), cat()).Await(ctx)
					return err
				})
				Expect(err).NotTo(HaveOccurred())
				Expect(p.Count(recorder.Lost)).To(Equal(1))
				Expect(p.Violations()).To(BeEmpty())
				Expect(log.String()).To(BeEmpty())
				Expect(childProcesses()).To(BeEmpty())
			}
		}, bounded)

	})
}

// runsWith is Run with a loop of the kind, for a spec that may leave nothing behind.
func runsWith(kind string, linger time.Duration, log io.Writer, main func(context.Context, *eventloop.Loop) error) error {
	GinkgoHelper()
	guard()
	guardChildren()
	usePolicy(&eventloop.DefaultPolicy{Factory: func() (*eventloop.Loop, error) {
		return looptest.OfKind(kind, eventloop.SelectorConfig{Linger: linger, Logger: slog.New(slog.NewTextHandler(log, nil))})
	}})
	return eventloop.Run(context.Background(), main)
}

// lockedBuffer is a log.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
