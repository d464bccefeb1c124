//go:build unix

package eventloop_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

// blockingPipe is a pipe as a shell hands it over, and a descriptor of each end
// that shows what becomes of the open file.
func blockingPipe() (r, w *os.File, ends [2]int) {
	GinkgoHelper()
	var fds [2]int
	Expect(unix.Pipe(fds[:])).To(Succeed())
	for i, fd := range fds {
		unix.CloseOnExec(fd)
		dup, err := platform.DupFD(fd)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(unix.Close, dup)
		ends[i] = dup
	}
	r, w = os.NewFile(uintptr(fds[0]), "reader"), os.NewFile(uintptr(fds[1]), "writer")
	DeferCleanup(func() { _, _ = r.Close(), w.Close() })
	return r, w, ends
}

// pseudoTerminal is both sides of one, closed with the spec.
func pseudoTerminal() (master, slave *os.File) {
	GinkgoHelper()
	m, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		Skip("no pseudo-terminals here: " + err.Error())
	}
	master = os.NewFile(uintptr(m), "/dev/ptmx")
	slave, err = os.OpenFile(slaveName(m), os.O_RDWR|unix.O_NOCTTY, 0)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { _, _ = master.Close(), slave.Close() })
	return master, slave
}

func readPipeSpecs(kind string) {
	Describe("ConnectReadPipe", func() {
		It("delivers what is written, the end, and that it is over", func(ctx SpecContext) { // K4, K5
			w, p := newRealWorld(kind), &recorder.Stream{}
			w.background()
			r, far := filePipe()
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
			r, far := filePipe()
			t := readingPipe(ctx, w, p, r)
			Expect(r.Close()).To(MatchError(os.ErrClosed))
			fd := extra(ctx, w, t, "pipe").(*platform.Descriptor).FD()
			w.on(ctx, func() { _ = t.Close(); t.Abort() })
			Eventually(ctx, p.Done()).Should(BeClosed())
			w.on(ctx, func() {})                           // the descriptor closes when ConnectionLost has returned (D11)
			Expect(p.String()).To(Equal("made lost(nil)")) // K6
			_, err := unix.FcntlInt(fd, unix.F_GETFD, 0)
			Expect(err).To(MatchError(unix.EBADF))
			_, err = far.WriteString("x")
			Expect(err).To(MatchError(syscall.EPIPE))
		}, bounded)

		It("delivers nothing while paused, not even the end", func(ctx SpecContext) { // K7
			w, p := newRealWorld(kind), &recorder.Stream{}
			w.background()
			p.OnMade = func(t protocols.Transport) { t.PauseReading() }
			r, far := filePipe()
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
			r, _ := filePipe()
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
			r, far := filePipe()
			t := readingPipe(ctx, w, p, r)
			Expect(far.WriteString("x")).To(Equal(1))
			Eventually(ctx, p.Done()).Should(BeClosed())
			reports := w.reports()
			Expect(reports).To(HaveLen(1))
			Expect(reports[0].Transport).To(BeIdenticalTo(t))
			Expect(reports[0].Err).To(BeIdenticalTo(p.Err()))
		}, bounded)

		It("ends with EIO when a terminal hangs up, and reports nothing", func(ctx SpecContext) { // K8
			w, p := newRealWorld(kind), &recorder.Stream{}
			w.background()
			master, slave := pseudoTerminal()
			readingPipe(ctx, w, p, master)
			Expect(slave.WriteString("hello")).To(Equal(5))
			Eventually(ctx, p.Data).Should(HaveLen(5))
			Expect(slave.Close()).To(Succeed())
			Eventually(ctx, p.Done()).Should(BeClosed())
			Expect(p.Err()).To(MatchError(syscall.EIO))
			Expect(p.Err()).To(BeAssignableToTypeOf(&net.OpError{}))
		}, bounded)

		It("closes what a cancelled call has opened", func(ctx SpecContext) {
			w, p := newRealWorld(kind), &recorder.Stream{}
			r, far := filePipe()
			f := w.ConnectReadPipe(func() protocols.Protocol { return p }, r)
			w.CallSoon(func() { f.Cancel() })
			w.background()
			_, err := f.Await(ctx)
			Expect(err).To(MatchError(eventloop.ErrCancelled))
			Eventually(ctx, func() error { _, err := far.WriteString("x"); return err }).Should(MatchError(syscall.EPIPE))
			Expect(p.String()).To(Or(BeEmpty(), Equal("made lost(nil)")))
		}, bounded)

		It("closes the file when the factory fails", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			r, _ := filePipe()
			_, err := w.ConnectReadPipe(func() protocols.Protocol { panic("boom") }, r).Await(ctx)
			Expect(err).To(BeAssignableToTypeOf(&net.OpError{}))
			var panicked *eventloop.PanicError
			Expect(errors.As(err, &panicked)).To(BeTrue())
			Expect(r.Close()).To(MatchError(os.ErrClosed))
		}, bounded)
	})

	Describe("the mode of a file that was blocking", func() {
		It("is restored when its transport closes", func(ctx SpecContext) {
			w, p := newRealWorld(kind), &recorder.Stream{}
			w.background()
			r, _, ends := blockingPipe()
			t := readingPipe(ctx, w, p, r)
			Expect(platform.IsNonblocking(ends[0])).To(BeTrue())
			w.on(ctx, func() { _ = t.Close() })
			Eventually(ctx, p.Done()).Should(BeClosed())
			Eventually(ctx, func() (bool, error) { return platform.IsNonblocking(ends[0]) }).Should(BeFalse())
		}, bounded)

		It("is restored when the loop closes", func(ctx SpecContext) {
			w, p := newRealWorld(kind), &recorder.Stream{}
			halt := w.background()
			r, _, ends := blockingPipe()
			readingPipe(ctx, w, p, r)
			halt()
			Expect(platform.IsNonblocking(ends[0])).To(BeTrue())
			Expect(w.Close()).To(Succeed())
			Expect(platform.IsNonblocking(ends[0])).To(BeFalse())
		}, bounded)

		It("is restored by the last of several transports of one open file", func(ctx SpecContext) {
			w, reader, writer := newRealWorld(kind), &recorder.Stream{}, &recorder.Stream{}
			w.background()
			_, slave := pseudoTerminal()
			other, err := platform.DupFD(int(slave.Fd())) // Fd makes it blocking
			Expect(err).NotTo(HaveOccurred())
			shown, err := platform.DupFD(other)
			Expect(err).NotTo(HaveOccurred())
			DeferCleanup(unix.Close, shown)
			in := readingPipe(ctx, w, reader, slave)
			out := writingPipe(ctx, w, writer, os.NewFile(uintptr(other), "terminal"))
			w.on(ctx, func() { _ = in.Close() })
			Eventually(ctx, reader.Done()).Should(BeClosed())
			w.on(ctx, func() {})
			Expect(platform.IsNonblocking(shown)).To(BeTrue())
			w.on(ctx, func() { _ = out.Close() })
			Eventually(ctx, writer.Done()).Should(BeClosed())
			Eventually(ctx, func() (bool, error) { return platform.IsNonblocking(shown) }).Should(BeFalse())
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

		It("is refused if it is a terminal and the platform can not watch one", func() {
			w, made := newRealWorld(kind), 0
			eventloop.Pretend(w.Loop, platform.Target{OS: "darwin", Version: "10.8", Loop: "kqueue"})
			_, slave := pseudoTerminal()
			factory := func() protocols.Protocol { made++; return newEcho() }
			Expect(failure(w.ConnectReadPipe(factory, slave))).To(MatchError(errors.ErrUnsupported))
			Expect(failure(w.ConnectWritePipe(factory, slave))).To(MatchError(errors.ErrUnsupported))
			Expect(made).To(BeZero())
			Expect(slave.Close()).To(Succeed())
		})

		It("stays its owner's on a closed loop", func() {
			w := newRealWorld(kind)
			r, _ := filePipe()
			Expect(w.Close()).To(Succeed())
			Expect(failure(w.ConnectReadPipe(newEcho, r))).To(MatchError(eventloop.ErrLoopClosed))
			Expect(r.Close()).To(Succeed())
		})
	})
}

// fifoAt makes a FIFO and opens one end without waiting for the other.
func fifoAt(flags int) (path string, file *os.File) {
	GinkgoHelper()
	path = filepath.Join(GinkgoT().TempDir(), "fifo")
	Expect(unix.Mkfifo(path, 0o600)).To(Succeed())
	file, err := os.OpenFile(path, flags|unix.O_NONBLOCK, 0)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { _ = file.Close() })
	return path, file
}
