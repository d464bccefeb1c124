package eventloop_test

import (
	"errors"
	"os"
	"strconv"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
	"github.com/tidemill-go/tidemill/subprocess"
)

func subprocessEndSpecs(kind string) {
	Describe("SendSignal", func() {
		DescribeTable("ends the child", func(ctx SpecContext, send func(protocols.SubprocessTransport) error, code int) { // L10 L16
			w, p := newNursery(kind), &recorder.Subprocess{}
			t := w.exec(ctx, p, cat())
			var err error
			w.on(ctx, func() { err = send(t) })
			Expect(err).NotTo(HaveOccurred())
			Expect(w.ended(ctx, p)).To(Equal(code))
		},
			Entry("through Terminate", protocols.SubprocessTransport.Terminate, terminated, bounded),
			Entry("through Kill", protocols.SubprocessTransport.Kill, killed, bounded),
			Entry("by SIGTERM", func(t protocols.SubprocessTransport) error { return t.SendSignal(syscall.SIGTERM) }, terminated, bounded),
			Entry("by SIGKILL", func(t protocols.SubprocessTransport) error { return t.SendSignal(os.Kill) }, killed, bounded),
		)

		It("refuses no signal at all", func(ctx SpecContext) {
			w, p := newNursery(kind), &recorder.Subprocess{}
			t := w.exec(ctx, p, cat())
			var err error
			w.on(ctx, func() { err = t.SendSignal(nil); _ = t.Close() })
			Expect(err).To(MatchError(os.ErrInvalid))
			w.ended(ctx, p)
		}, bounded)

		It("does nothing between the child's end and ConnectionLost", func(ctx SpecContext) { // L17
			w, p := newNursery(kind), &recorder.Subprocess{}
			inside := errors.New("not called")
			p.OnExited = func() { inside = p.Transport().Kill() }
			t := w.exec(ctx, p, cat())
			var before, after error
			w.on(ctx, func() {
				_ = t.Kill()
				for !hasEnded(t.Pid()) { // the loop has not heard of it
					before = errors.Join(before, t.Terminate())
				}
				// Meanwhile the watcher reaps it, and can not say so.
				for began := time.Now(); time.Since(began) < tick; {
					after = errors.Join(after, t.Terminate())
				}
			})
			Expect(before).NotTo(HaveOccurred())
			Expect(after).NotTo(HaveOccurred())
			Expect(w.ended(ctx, p)).To(Equal(killed))
			Expect(inside).NotTo(HaveOccurred())
		}, bounded)

		It("returns ESRCH after ConnectionLost", func(ctx SpecContext) { // L18
			w, p := newNursery(kind), &recorder.Subprocess{}
			inside := errors.New("not called")
			p.OnLost = func(error) { inside = p.Transport().Kill() }
			t := w.sh(ctx, p, "exit 0")
			w.ended(ctx, p)
			Expect(inside).NotTo(HaveOccurred())
			for _, send := range []func() error{t.Kill, t.Terminate, func() error { return t.SendSignal(os.Interrupt) }} {
				var err error
				w.on(ctx, func() { err = send() })
				Expect(err).To(MatchError(syscall.ESRCH))
				Expect(err).To(MatchError(os.ErrProcessDone))
			}
			w.on(ctx, func() { _ = t.Close(); t.Abort() })
		}, bounded)

	})

	Describe("Close of a child's transport", func() {
		It("closes the pipes and kills the child, once", func(ctx SpecContext) { // L19 L21 L22
			w, p := newNursery(kind), &recorder.Subprocess{}
			t := w.exec(ctx, p, cat())
			closing, inside := false, ""
			w.on(ctx, func() {
				_ = t.Close()
				closing, inside = t.IsClosing(), p.String()
				_ = t.Close()
			})
			Expect(closing).To(BeTrue())
			Expect(inside).To(Equal("made"))
			Expect(w.ended(ctx, p)).To(Equal(killed))
			for fd := range 3 {
				Expect(p.Pipe(fd)).To(Equal("pipe" + strconv.Itoa(fd) + "(nil)"))
			}
			Expect(p.Count(recorder.Lost)).To(Equal(1))
		}, bounded)

		It("leaves the return code of a child that had ended", func(ctx SpecContext) { // L20
			w, p := newNursery(kind), &recorder.Subprocess{}
			t := w.sh(ctx, p, "read x; exit 6")
			w.on(ctx, func() {
				_, _ = t.PipeTransport(0).Write([]byte("\n"))
			})
			Eventually(hasEnded).WithArguments(t.Pid()).WithTimeout(patient).Should(BeTrue())
			w.on(ctx, func() { _ = t.Close() })
			Expect(w.ended(ctx, p)).To(Equal(6))
		}, bounded)

		It("does not wait for a grandchild that holds an output", func(ctx SpecContext) {
			w, p := newNursery(kind), &recorder.Subprocess{}
			hold := newGate()
			t := w.exec(ctx, p, shell("(read x <&3) & exit 3", hold.before(subprocess.Spec{})))
			Expect(t.Wait(ctx)).To(Equal(3))
			w.on(ctx, func() { _ = t.Close() })
			Expect(w.ended(ctx, p)).To(Equal(3))
			Expect(hold.Close()).To(Succeed())
		}, bounded)

		DescribeTable("may be called in", func(ctx SpecContext, hook func(*recorder.Subprocess, func())) {
			w, p := newNursery(kind), &recorder.Subprocess{}
			hook(p, func() { _ = p.Transport().Close() })
			w.sh(ctx, p, "echo x; exec <&-; exec sleep 0.05")
			w.ended(ctx, p)
			Expect(p.Count(recorder.Exited)).To(Equal(1))
			Expect(p.Count(recorder.PipeLost)).To(Equal(3))
		},
			Entry("ConnectionMade", func(p *recorder.Subprocess, f func()) { p.OnMade = func(protocols.SubprocessTransport) { f() } }, bounded),
			Entry("PipeDataReceived", func(p *recorder.Subprocess, f func()) { p.OnData = func(int, []byte) { f() } }, bounded),
			Entry("PipeConnectionLost", func(p *recorder.Subprocess, f func()) { p.OnPipeLost = func(int, error) { f() } }, bounded),
			Entry("ProcessExited", func(p *recorder.Subprocess, f func()) { p.OnExited = f }, bounded),
			Entry("ConnectionLost", func(p *recorder.Subprocess, f func()) { p.OnLost = func(error) { f() } }, bounded),
		)

	})

	Describe("a protocol of a child that panics", func() {
		report := func(message string, p *recorder.Subprocess) OmegaMatcher {
			var e *eventloop.PanicError
			return SatisfyAll(
				HaveField("Message", message+" panicked"),
				HaveField("Err", BeAssignableToTypeOf(e)),
				HaveField("Transport", BeIdenticalTo(p.Transport())),
				HaveField("Protocol", BeIdenticalTo(p)),
			)
		}

		It("ends the pipe with the panic when it is about data", func(ctx SpecContext) {
			w, p := newNursery(kind), &recorder.Subprocess{}
			p.OnData = func(fd int, _ []byte) {
				if fd == 1 {
					panic(errSpec)
				}
			}
			w.sh(ctx, p, "echo x; read x; echo y >&2")
			Eventually(ctx, p.Pipe).WithArguments(1).Should(Equal("data1(2) pipe1(panic: " + errSpec.Error() + ")"))
			w.types(ctx, p.Transport(), "\n")
			w.ended(ctx, p)
			Expect(p.Pipe(2)).To(Equal("data2(2) pipe2(nil)"))
			Expect(w.reports()).To(HaveExactElements(report("PipeDataReceived", p)))
		}, bounded)

		DescribeTable("is reported, and the child goes on", func(ctx SpecContext, name string, hook func(*recorder.Subprocess, func())) {
			w, p := newNursery(kind), &recorder.Subprocess{}
			hook(p, func() { panic(errSpec) })
			t := w.sh(ctx, p, "read x; cat; exit 3")
			w.on(ctx, func() {
				_, _ = t.PipeTransport(0).Write(make([]byte, 1<<20))
				_, _ = t.PipeTransport(0).Write([]byte("\n"))
				_ = t.PipeTransport(0).Close()
			})
			Expect(w.ended(ctx, p)).To(Equal(3))
			Expect(p.Count(recorder.PipeLost)).To(Equal(3))
			reports := w.reports()
			Expect(reports).NotTo(BeEmpty())
			Expect(reports).To(HaveEach(report(name, p)))
		},
			Entry("in ConnectionMade", "ConnectionMade", func(p *recorder.Subprocess, f func()) { p.OnMade = func(protocols.SubprocessTransport) { f() } }, bounded),
			Entry("in PipeConnectionLost", "PipeConnectionLost", func(p *recorder.Subprocess, f func()) { p.OnPipeLost = func(int, error) { f() } }, bounded),
			Entry("in ProcessExited", "ProcessExited", func(p *recorder.Subprocess, f func()) { p.OnExited = f }, bounded),
			Entry("in ConnectionLost", "ConnectionLost", func(p *recorder.Subprocess, f func()) { p.OnLost = func(error) { f() } }, bounded),
			Entry("in PauseWriting", "PauseWriting", func(p *recorder.Subprocess, f func()) { p.OnPause = f }, bounded),
			Entry("in ResumeWriting", "ResumeWriting", func(p *recorder.Subprocess, f func()) { p.OnResume = f }, bounded),
		)
	})

	Describe("SetProtocol of a child's transport", func() {
		It("makes the other protocol hear the rest", func(ctx SpecContext) { // D20
			w, first, second := newNursery(kind), &recorder.Subprocess{}, &recorder.Subprocess{}
			first.OnData = func(int, []byte) {
				second.Adopt(first.Transport())
				first.Transport().SetProtocol(second)
			}
			w.sh(ctx, first, "echo one; read x; echo two")
			Eventually(ctx, first.Data).WithArguments(1).Should(Equal([]byte("one\n")))
			w.types(ctx, first.Transport(), "\n")
			w.ended(ctx, second)
			Expect(first.String()).To(Equal("made data1(4)"))
			Expect(string(second.Data(1))).To(Equal("two\n"))
			Expect(second.Violations()).To(BeEmpty())
			var left protocols.SubprocessProtocol = second
			w.on(ctx, func() { left = second.Transport().Protocol() })
			Expect(left).To(BeNil())
			w.on(ctx, func() { second.Transport().SetProtocol(first) })
		}, bounded)

		It("panics about nil", func(ctx SpecContext) {
			w, p := newNursery(kind), &recorder.Subprocess{}
			t := w.exec(ctx, p, cat())
			var panicked any
			w.on(ctx, func() {
				defer func() { panicked = recover() }()
				t.SetProtocol(nil)
			})
			Expect(panicked).To(ContainSubstring("nil protocol"))
			w.on(ctx, func() { _ = t.Close() })
			w.ended(ctx, p)
		}, bounded)

		It("does not lose the end of a pipe that the program has taken over", func(ctx SpecContext) {
			w, p, own := newNursery(kind), &recorder.Subprocess{}, &recorder.Stream{}
			p.OnMade = func(t protocols.SubprocessTransport) {
				own.Adopt(t.PipeTransport(1))
				t.PipeTransport(1).SetProtocol(own)
			}
			c, err := w.SubprocessExec(makes(p), shell("echo mine", subprocess.Spec{})).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			w.ended(ctx, p)
			Expect(c.Transport).NotTo(BeNil())
			Expect(own.String()).To(Equal("data(5) eof lost(nil)"))
			Expect(p.Pipe(1)).To(BeEmpty())
		}, bounded)
	})

	Describe("a child in debug mode", func() {
		It("is not to be touched by other goroutines", func(ctx SpecContext) {
			w, p := newNursery(kind), &recorder.Subprocess{}
			w.SetDebug(true)
			t := w.exec(ctx, p, cat())
			Expect(t.Kill()).To(MatchError(eventloop.ErrInvalidState))
			Expect(func() { _ = t.Close() }).To(PanicWith(MatchError(eventloop.ErrInvalidState)))
			Expect(func() { t.Abort() }).To(PanicWith(MatchError(eventloop.ErrInvalidState)))
			Expect(func() { t.SetProtocol(p) }).To(PanicWith(MatchError(eventloop.ErrInvalidState)))
			Expect(hasEnded(t.Pid())).To(BeFalse())
			w.on(ctx, t.Abort)
			w.ended(ctx, p)
		}, bounded)
	})
}
