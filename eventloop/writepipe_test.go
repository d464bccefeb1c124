package eventloop_test

import (
	"io"
	"net"
	"os"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

func writePipeSpecs(kind string) {
	Describe("ConnectWritePipe", func() {
		var (
			w    *world
			p    *recorder.Stream
			r    *os.File
			pipe protocols.WritePipe
		)
		BeforeEach(func(ctx SpecContext) {
			var far *os.File
			w, p = newRealWorld(kind), &recorder.Stream{}
			w.background()
			r, far = pipeOutOf(kind)
			pipe = writingPipe(ctx, w, p, far)
		})

		It("sends what is written, and closes at the end of output", func(ctx SpecContext) { // K12
			var closing bool
			w.on(ctx, func() {
				_, _ = pipe.Write([]byte("hello"))
				_ = pipe.WriteEOF()
				closing = pipe.IsClosing()
			})
			Expect(closing).To(BeTrue())
			Expect(io.ReadAll(r)).To(Equal([]byte("hello")))
			Eventually(ctx, p.Done()).Should(BeClosed())
			Expect(p.String()).To(Equal("made lost(nil)"))
			Expect(pipe.CanWriteEOF()).To(BeTrue())
		}, bounded)

		It("pauses and resumes the writer, and sends everything before it is over", func(ctx SpecContext) { // K11
			w.on(ctx, func() {
				_, _ = pipe.Write(much)
				_ = pipe.Close()
			})
			Expect(p.String()).To(Equal("made pause"))
			Expect(io.ReadAll(r)).To(HaveLen(len(much)))
			Eventually(ctx, p.Done()).Should(BeClosed())
			Expect(p.String()).To(Equal("made pause resume lost(nil)"))
		}, bounded)

		It("drops what is written after Close, also while bytes are queued", func(ctx SpecContext) { // K13
			var late, empty error
			w.on(ctx, func() {
				_, _ = pipe.Write(much)
				_ = pipe.Close()
				_, late = pipe.Write([]byte("late"))
				_, empty = pipe.Write(nil)
			})
			Expect(late).To(MatchError(net.ErrClosed))
			Expect(empty).NotTo(HaveOccurred())
			Expect(io.ReadAll(r)).To(HaveLen(len(much)))
			Eventually(ctx, p.Done()).Should(BeClosed())
		}, bounded)

		It("notices that an idle pipe's reader is gone", func(ctx SpecContext) { // K14
			Expect(r.Close()).To(Succeed())
			Eventually(ctx, p.Done()).Should(BeClosed())
			Expect(p.String()).To(Equal("made lost(nil)"))
		}, bounded)

		It("ends with a broken pipe if something was buffered for the reader", func(ctx SpecContext) { // K15
			w.on(ctx, func() { _, _ = pipe.Write(much) })
			Expect(r.Close()).To(Succeed())
			Eventually(ctx, p.Done()).Should(BeClosed())
			Expect(p.Err()).To(Satisfy(platform.IsDisconnect))
			Expect(p.Err()).To(BeAssignableToTypeOf(&net.OpError{}))
			Expect(p.String()).To(HavePrefix("made pause lost("))
		}, bounded)

		It("ends with a broken pipe if the reader goes while a Close is flushing", func(ctx SpecContext) {
			w.on(ctx, func() {
				_, _ = pipe.Write(much)
				_ = pipe.Close()
			})
			Expect(r.Close()).To(Succeed())
			Eventually(ctx, p.Done()).Should(BeClosed())
			Expect(p.Err()).To(Satisfy(platform.IsDisconnect))
		}, bounded)

		It("gives up its buffer when it is aborted, once", func(ctx SpecContext) { // K17
			w.on(ctx, func() {
				_, _ = pipe.Write(much)
				_ = pipe.Close()
				pipe.Abort()
				pipe.Abort()
			})
			Eventually(ctx, p.Done()).Should(BeClosed())
			Expect(p.String()).To(Equal("made pause lost(nil)"))
			Expect(p.Violations()).To(BeEmpty())
		}, bounded)

		It("has no receiving half", func(ctx SpecContext) {
			var reading bool
			w.on(ctx, func() {
				t := p.Transport()
				t.PauseReading()
				t.ResumeReading()
				reading = t.IsReading()
				t.Abort()
			})
			Expect(reading).To(BeFalse())
			Eventually(ctx, p.Done()).Should(BeClosed())
		}, bounded)
	})
}
