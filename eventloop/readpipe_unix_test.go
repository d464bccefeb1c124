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

// readPipeModeSpecs are about terminals, and about files that others go on using.
func readPipeModeSpecs(kind string) {
	Describe("ConnectReadPipe", func() {
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

	Describe("a terminal", func() {
		It("is refused if the platform can not watch one", func() {
			w, made := newRealWorld(kind), 0
			eventloop.Pretend(w.Loop, platform.Target{OS: "darwin", Version: "10.8", Loop: "kqueue"})
			_, slave := pseudoTerminal()
			factory := func() protocols.Protocol { made++; return newEcho() }
			Expect(failure(w.ConnectReadPipe(factory, slave))).To(MatchError(errors.ErrUnsupported))
			Expect(failure(w.ConnectWritePipe(factory, slave))).To(MatchError(errors.ErrUnsupported))
			Expect(made).To(BeZero())
			Expect(slave.Close()).To(Succeed())
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
