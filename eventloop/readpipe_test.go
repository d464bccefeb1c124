package eventloop_test

import (
	"errors"
	"net"
	"os"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

// readPipeSpecs are of kinds that have pipes. The pipes are those that the kind
// can watch.
func readPipeSpecs(kind string) {
	Describe("ConnectReadPipe", func() {
		It("delivers what is written, the end, and that it is over", func(ctx SpecContext) { // K4, K5
			w, p := newRealWorld(kind), &recorder.Stream{}
			w.background()
			r, far := pipeInto(kind)
			closing := false
			p.OnEOF = func() bool { closing = p.Transport().IsClosing(); return true }
			t := readingPipe(ctx, w, p, r)
			Expect(far.WriteString("hello")).To(Equal(5))
			Eventually(ctx, p.Data).Should(HaveLen(5))
			Expect(far.Close()).To(Succeed())
			Eventually(ctx, p.Done()).Should(BeClosed())
			Expect(p.String()).To(Equal("made data(5) eof lost(nil)"))
			Expect(p.Violations()).To(BeEmpty())
			Expect(closing).To(BeTrue())
			Expect(extra(ctx, w, t, "pipe").(*platform.Descriptor).FD()).To(Equal(^uintptr(0)))
		}, bounded)

		It("takes the file over at once and closes its descriptor once", func(ctx SpecContext) {
			w, p := newRealWorld(kind), &recorder.Stream{}
			w.background()
			r, far := pipeInto(kind)
			t := readingPipe(ctx, w, p, r)
			Expect(r.Close()).To(MatchError(os.ErrClosed))
			fd := extra(ctx, w, t, "pipe").(*platform.Descriptor).FD()
			w.on(ctx, func() { _ = t.Close(); t.Abort() })
			Eventually(ctx, p.Done()).Should(BeClosed())
			w.on(ctx, func() {})                           // the descriptor closes when ConnectionLost has returned (D11)
			Expect(p.String()).To(Equal("made lost(nil)")) // K6
			Expect(isOpen(int(fd))).To(BeFalse())
			_, err := far.WriteString("x")
			Expect(err).To(Satisfy(platform.IsDisconnect))
		}, bounded)

		It("delivers nothing while paused, not even the end", func(ctx SpecContext) { // K7
			w, p := newRealWorld(kind), &recorder.Stream{}
			w.background()
			p.OnMade = func(t protocols.Transport) { t.PauseReading() }
			r, far := pipeInto(kind)
			t := readingPipe(ctx, w, p, r)
			Expect(far.WriteString("hello")).To(Equal(5))
			Expect(far.Close()).To(Succeed())
			Consistently(p.String, tick).Should(Equal("made"))
			w.on(ctx, t.ResumeReading)
			Eventually(ctx, p.Done()).Should(BeClosed())
			Expect(p.String()).To(Equal("made data(5) eof lost(nil)"))
		}, bounded)

		It("has no sending half", func(ctx SpecContext) { // K10
			w, p := newRealWorld(kind), &recorder.Stream{}
			w.background()
			r, _ := pipeInto(kind)
			readingPipe(ctx, w, p, r)
			var errs []error
			var canWriteEOF bool
			var size int
			w.on(ctx, func() {
				t := p.Transport()
				_, write := t.Write([]byte("x"))
				_, writeBuffers := t.WriteBuffers(net.Buffers{[]byte("x")})
				errs = []error{write, writeBuffers, t.WriteEOF(), t.SetWriteBufferLimits(protocols.Watermarks{})}
				canWriteEOF, size = t.CanWriteEOF(), t.WriteBufferSize()
				t.Abort()
			})
			Expect(errs).To(HaveEach(MatchError(errors.ErrUnsupported)))
			Expect(canWriteEOF).To(BeFalse())
			Expect(size).To(BeZero())
			Eventually(ctx, p.Done()).Should(BeClosed())
		}, bounded)

		It("ends with a panic of DataReceived, which is reported", func(ctx SpecContext) { // K9, as D30
			w, p := newRealWorld(kind), &recorder.Stream{}
			w.background()
			p.OnData = func([]byte) { panic("boom") }
			r, far := pipeInto(kind)
			t := readingPipe(ctx, w, p, r)
			Expect(far.WriteString("x")).To(Equal(1))
			Eventually(ctx, p.Done()).Should(BeClosed())
			reports := w.reports()
			Expect(reports).To(HaveLen(1))
			Expect(reports[0].Transport).To(BeIdenticalTo(t))
			Expect(reports[0].Err).To(BeIdenticalTo(p.Err()))
		}, bounded)

		It("closes what a cancelled call has opened", func(ctx SpecContext) {
			w, p := newRealWorld(kind), &recorder.Stream{}
			r, far := pipeInto(kind)
			f := w.ConnectReadPipe(func() protocols.Protocol { return p }, r)
			w.CallSoon(func() { f.Cancel() })
			w.background()
			_, err := f.Await(ctx)
			Expect(err).To(MatchError(eventloop.ErrCancelled))
			Eventually(ctx, func() error { _, err := far.WriteString("x"); return err }).Should(Satisfy(platform.IsDisconnect))
			Expect(p.String()).To(Or(BeEmpty(), Equal("made lost(nil)")))
		}, bounded)

		It("closes the file when the factory fails", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			r, _ := pipeInto(kind)
			_, err := w.ConnectReadPipe(func() protocols.Protocol { panic("boom") }, r).Await(ctx)
			Expect(err).To(BeAssignableToTypeOf(&net.OpError{}))
			var panicked *eventloop.PanicError
			Expect(errors.As(err, &panicked)).To(BeTrue())
			Expect(r.Close()).To(MatchError(os.ErrClosed))
		}, bounded)
	})

	Describe("a file that is no pipe", func() {
		DescribeTable("is refused before anything is changed",
			func(open func() *os.File, message string) { // K2, P4
				w := newRealWorld(kind)
				file, made := open(), 0
				DeferCleanup(func() { _ = file.Close() })
				factory := func() protocols.Protocol { made++; return newEcho() }
				for _, err := range []error{
					failure(w.ConnectReadPipe(factory, file)), failure(w.ConnectWritePipe(factory, file)),
				} {
					Expect(err).To(MatchError(os.ErrInvalid))
					Expect(err).To(MatchError(ContainSubstring(message)))
					Expect(err).To(BeAssignableToTypeOf(&net.OpError{}))
				}
				Expect(made).To(BeZero())
				Expect(file.Close()).To(Succeed())
			},
			Entry("a regular file", func() *os.File {
				f, err := os.CreateTemp(GinkgoT().TempDir(), "")
				Expect(err).NotTo(HaveOccurred())
				return f
			}, "is a regular file"),
			Entry("a directory", func() *os.File {
				d, err := os.Open(GinkgoT().TempDir())
				Expect(err).NotTo(HaveOccurred())
				return d
			}, "is a directory"),
		)

		It("is refused if it is the wrong end", func() {
			w := newRealWorld(kind)
			r, far := filePipe()
			Expect(failure(w.ConnectWritePipe(newEcho, r))).To(MatchError(ContainSubstring("not open for writing")))
			Expect(failure(w.ConnectReadPipe(newEcho, far))).To(MatchError(ContainSubstring("not open for reading")))
		})

		It("is refused if it is closed, nil, or has no factory", func() {
			w := newRealWorld(kind)
			r, _ := filePipe()
			Expect(failure(w.ConnectReadPipe(nil, r))).To(MatchError(ContainSubstring("nil protocol factory")))
			Expect(failure(w.ConnectReadPipe(newEcho, nil))).To(MatchError(os.ErrInvalid))
			Expect(r.Close()).To(Succeed())
			Expect(failure(w.ConnectReadPipe(newEcho, r))).To(MatchError(os.ErrClosed))
		})

		It("stays its owner's on a closed loop", func() {
			w := newRealWorld(kind)
			r, _ := pipeInto(kind)
			Expect(w.Close()).To(Succeed())
			Expect(failure(w.ConnectReadPipe(newEcho, r))).To(MatchError(eventloop.ErrLoopClosed))
			Expect(r.Close()).To(Succeed())
		})
	})
}
