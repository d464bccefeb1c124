package eventloop_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gleak"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/looptest"
	"github.com/tidemill-go/tidemill/eventloop/selector"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

// shyMaker makes a loop of a kind that refuses terminals.
func shyMaker(mechanism string) maker {
	return func(cfg eventloop.SelectorConfig, clock *looptest.Clock, autoJump time.Duration) (*eventloop.Loop, error) {
		s := selector.Selector(newShy(mechanism, syscall.EINVAL))
		if clock != nil {
			s = looptest.Wrap(s, clock, autoJump)
		}
		cfg.Selector = s
		return eventloop.NewSelectorLoop(&cfg)
	}
}

// shyEpoll is edge-triggered where terminals are not concerned, shyPoll is not.
const (
	shyEpoll = "epoll" + shySuffix
	shyPoll  = "poll" + shySuffix
)

var _ = func() bool {
	for _, kind := range []string{shyEpoll, shyPoll} {
		Describe("On "+kind, func() {
			for _, specs := range []func(kind string){ptySpecs, readPipeSpecs, readPipeModeSpecs, writePipeSpecs, refusedTerminalSpecs} {
				specs(kind)
			}
		})
	}
	return true
}()

// watchesAside reports whether a helper goroutine of a loop runs.
func watchesAside() bool {
	for _, g := range gleak.Goroutines() {
		if strings.Contains(g.Backtrace, "(*aside).run") {
			return true
		}
	}
	return false
}

func refusedTerminalSpecs(kind string) {
	Describe("a terminal that the selector refuses", func() {
		var (
			w       *world
			t       *trace
			fd      uintptr // of the terminal, non-blocking
			far     *os.File
			typed   func(string)
			arrives func() string
		)
		BeforeEach(func() {
			w, t = newRealWorld(kind), &trace{}
			master, slave := pseudoTerminal()
			raw(slave)
			fd, far = nonblocking(master), slave
			typed = func(text string) {
				GinkgoHelper()
				Expect(far.WriteString(text)).To(Equal(len(text)))
			}
			arrives = func() string {
				b := make([]byte, 1024)
				n, err := unix.Read(int(fd), b)
				if err != nil {
					return err.Error()
				}
				return string(b[:n])
			}
		})

		It("has readers, which are called until they have read everything", func(ctx SpecContext) { // C1
			w.background()
			Expect(w.Do(ctx, func() error { return w.AddReader(fd, t.adds("called")) })).To(Succeed())
			Consistently(t.take, tick).Should(BeEmpty())
			typed("x")
			for range 3 {
				Eventually(ctx, t.take).Should(ContainElement("called"))
			}
			w.on(ctx, func() { t.add(arrives()) })
			Eventually(ctx, func() []string { w.on(ctx, func() {}); return t.take() }).Should(BeEmpty())
			Consistently(t.take, tick).Should(BeEmpty())
			Expect(removed(ctx, w, w.RemoveReader, fd)).To(BeTrue())
			typed("y")
			Consistently(t.take, tick).Should(BeEmpty())
			Expect(removed(ctx, w, w.RemoveReader, fd)).To(BeFalse())
		}, bounded)

		It("has a reader and a writer, of which only the one that is due is called", func(ctx SpecContext) { // C3
			w.background()
			Expect(w.Do(ctx, func() error {
				return errors.Join(
					w.AddReader(fd, func() { t.add("read " + arrives()) }),
					w.AddWriter(fd, t.adds("write")))
			})).To(Succeed())
			Eventually(ctx, t.take).Should(And(ContainElement("write"), HaveEach("write")))
			typed("x")
			Eventually(ctx, t.take).Should(ContainElement("read x"))
			Expect(removed(ctx, w, w.RemoveWriter, fd)).To(BeTrue())
			_ = t.take()
			typed("y")
			Eventually(ctx, t.take).Should(Equal([]string{"read y"}))
			Expect(removed(ctx, w, w.RemoveReader, fd)).To(BeTrue())
		}, bounded)

		It("has a reader that can be replaced, and that may remove itself", func(ctx SpecContext) { // C2
			w.background()
			Expect(w.Do(ctx, func() error {
				return errors.Join(
					w.AddReader(fd, t.adds("first")),
					w.AddReader(fd, func() { t.add("second"); _, _ = w.RemoveReader(fd) }))
			})).To(Succeed())
			typed("x")
			Eventually(ctx, t.take).Should(Equal([]string{"second"}))
			Consistently(t.take, tick).Should(BeEmpty())
		}, bounded)

		It("is read and written by transports, both at a time", func(ctx SpecContext) { // K20
			in, out := &recorder.Stream{}, &recorder.Stream{}
			w.background()
			r, wr := duplicateFile(fd), duplicateFile(fd)
			reader, writer := readingPipe(ctx, w, in, r), writingPipe(ctx, w, out, wr)
			typed("hello")
			Eventually(ctx, in.Data).Should(Equal([]byte("hello")))
			w.on(ctx, func() { _, _ = writer.Write([]byte("answer")) })
			answer := make([]byte, 6)
			Expect(far.Read(answer)).To(Equal(6))
			w.on(ctx, func() { _, _ = reader.Close(), writer.Close() })
			Eventually(ctx, in.Done()).Should(BeClosed())
			Eventually(ctx, out.Done()).Should(BeClosed())
			Expect(in.String()).To(Equal("made data(5) lost(nil)"))
		}, bounded)

		It("delivers nothing while paused, and everything after", func(ctx SpecContext) { // K7
			p := &recorder.Stream{}
			p.OnMade = func(t protocols.Transport) { t.PauseReading() }
			w.background()
			reader := readingPipe(ctx, w, p, duplicateFile(fd))
			typed("held")
			Consistently(p.String, tick).Should(Equal("made"))
			w.on(ctx, reader.ResumeReading)
			Eventually(ctx, p.Data).Should(Equal([]byte("held")))
			w.on(ctx, reader.PauseReading)
			typed("again")
			Consistently(p.Data, tick).Should(Equal([]byte("held")))
			w.on(ctx, func() { _ = reader.Close() })
			Eventually(ctx, p.Done()).Should(BeClosed())
		}, bounded)

		It("takes what a slow reader has left no room for", func(ctx SpecContext) { // K11
			p := &recorder.Stream{}
			w.background()
			writer := writingPipe(ctx, w, p, duplicateFile(fd))
			text := lines()[:200_000]
			w.on(ctx, func() { _, _ = writer.Write(text) })
			var left int
			w.on(ctx, func() { left = writer.WriteBufferSize() })
			Expect(left).To(BeNumerically(">", 0))
			got := readAll(ctx, far, len(text))
			Expect(got == string(text)).To(BeTrue(), "of %d bytes %d came", len(text), len(got))
			w.on(ctx, func() { _ = writer.Close() })
			Eventually(ctx, p.Done()).Should(BeClosed())
			Expect(p.Err()).NotTo(HaveOccurred())
		}, bounded)

		It("lets the loop sleep while nothing comes", func(ctx SpecContext) {
			w.background()
			Expect(w.Do(ctx, func() error { return w.AddReader(fd, t.adds("called")) })).To(Succeed())
			before := processorTime()
			Consistently(t.take, 20*tick).Should(BeEmpty())
			Expect(processorTime() - before).To(BeNumerically("<", 15*tick))
			Expect(removed(ctx, w, w.RemoveReader, fd)).To(BeTrue())
		}, bounded)

		It("is forgotten when the loop closes, with what it is asked about", func(ctx SpecContext) {
			halt := w.background()
			p := &recorder.Stream{}
			readingPipe(ctx, w, p, duplicateFile(fd))
			Expect(w.Do(ctx, func() error { return w.AddReader(fd, func() {}) })).To(Succeed())
			Eventually(ctx, watchesAside).Should(BeTrue())
			halt()
			Expect(w.Close()).To(Succeed())
			Eventually(ctx, watchesAside).Should(BeFalse()) // it is over, and may still be on its way out
			Expect(unix.FcntlInt(fd, unix.F_GETFD, 0)).To(Equal(unix.FD_CLOEXEC), "the program's is left open")
		}, bounded)

		It("whose number was closed behind the loop's back is no other's", func(ctx SpecContext) {
			w.background()
			dup, err := platform.DupFD(int(fd))
			Expect(err).NotTo(HaveOccurred())
			number := uintptr(dup)
			r, out := newPipe()
			Expect(w.Do(ctx, func() error {
				return errors.Join(
					w.AddReader(number, t.adds("terminal")),
					unix.Dup2(int(r.Fd()), dup),
					w.AddReader(number, t.adds("pipe")))
			})).To(Succeed())
			Expect(out.Write([]byte("x"))).To(Equal(1))
			Eventually(ctx, t.take).Should(And(ContainElement("pipe"), HaveEach("pipe")))
			Expect(removed(ctx, w, w.RemoveReader, number)).To(BeTrue())
			Expect(platform.CloseFD(dup)).To(Succeed())
		}, bounded)
	})
}

// removed removes a watcher, by a method of the loop, and reports whether there was
// one.
func removed(ctx context.Context, w *world, remove func(fd uintptr) (bool, error), fd uintptr) (was bool, err error) {
	GinkgoHelper()
	w.on(ctx, func() { was, err = remove(fd) })
	return was, err
}

var _ = Describe("what a selector says of a descriptor", func() {
	DescribeTable("puts a terminal aside",
		func(ctx SpecContext, errno syscall.Errno) {
			s := newShy("epoll", errno)
			w, t := newConfiguredWorld(eventloop.SelectorConfig{Selector: s}), &trace{}
			w.background()
			master, slave := pseudoTerminal()
			fd := nonblocking(master)
			Expect(w.Do(ctx, func() error { return w.AddReader(fd, t.adds("called")) })).To(Succeed())
			Expect(slave.WriteString("x")).To(Equal(1))
			Eventually(ctx, t.take).Should(ContainElement("called"))
			Expect(removed(ctx, w, w.RemoveReader, fd)).To(BeTrue())
			Expect(s.refused).To(Equal(1))
		},
		Entry("EINVAL, as kqueue of macOS says", bounded, syscall.EINVAL),
		Entry("ENODEV, as a driver without kqueue says", bounded, syscall.ENODEV),
		Entry("ENOTSUP", bounded, syscall.ENOTSUP),
	)

	DescribeTable("is the program's to deal with",
		func(ctx SpecContext, errno syscall.Errno) {
			s := newShy("epoll", errno)
			w := newConfiguredWorld(eventloop.SelectorConfig{Selector: s})
			w.background()
			master, _ := pseudoTerminal()
			fd := nonblocking(master)
			Expect(w.Do(ctx, func() error { return w.AddReader(fd, func() {}) })).To(MatchError(errno))
			Expect(watchesAside()).To(BeFalse())
		},
		Entry("EPERM, epoll's word for what is always ready", bounded, syscall.EPERM),
		Entry("ENOMEM", bounded, syscall.ENOMEM),
	)

	It("of a file that is no device is the program's too", func(ctx SpecContext) {
		t := newTap("epoll")
		t.refusal = syscall.EINVAL
		w := newConfiguredWorld(eventloop.SelectorConfig{Selector: t})
		r, _ := newPipe()
		Expect(w.AddReader(r.Fd(), func() {})).To(MatchError(syscall.EINVAL))
	}, bounded)

	It("is final for a number that select has no room for", Serial, func(ctx SpecContext) {
		s := newShy("epoll", syscall.EINVAL)
		w := newConfiguredWorld(eventloop.SelectorConfig{Selector: s})
		master, _ := pseudoTerminal()
		fd, err := unix.FcntlInt(nonblocking(master), unix.F_DUPFD_CLOEXEC, 1024)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(unix.Close, fd)
		Expect(w.AddReader(uintptr(fd), func() {})).To(MatchError(selector.ErrDescriptorTooLarge))
		Expect(w.RemoveReader(uintptr(fd))).To(BeFalse())
		Expect(watchesAside()).To(BeFalse())
	}, bounded)

	It("is final when no descriptor is left for the helper, and nothing is kept", Serial, func(ctx SpecContext) {
		s := newShy("epoll", syscall.EINVAL)
		w := newConfiguredWorld(eventloop.SelectorConfig{Selector: s})
		master, _ := pseudoTerminal()
		fd := nonblocking(master)
		var limit unix.Rlimit
		Expect(unix.Getrlimit(unix.RLIMIT_NOFILE, &limit)).To(Succeed())
		tight := limit
		tight.Cur = 0
		Expect(unix.Setrlimit(unix.RLIMIT_NOFILE, &tight)).To(Succeed())
		err := w.AddReader(fd, func() {})
		Expect(unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)).To(Succeed())
		Expect(err).To(MatchError(syscall.EMFILE))
		Expect(w.RemoveReader(fd)).To(BeFalse())
		Expect(w.AddReader(fd, func() {})).To(Succeed())
		Expect(w.RemoveReader(fd)).To(BeTrue())
	}, bounded)
})

// raw makes a terminal hand bytes through as they are.
func raw(f *os.File) {
	GinkgoHelper()
	conn, err := f.SyscallConn()
	Expect(err).NotTo(HaveOccurred())
	Expect(conn.Control(func(fd uintptr) {
		mode, err := unix.IoctlGetTermios(int(fd), unix.TCGETS)
		Expect(err).NotTo(HaveOccurred())
		mode.Lflag &^= unix.ECHO | unix.ICANON | unix.ISIG
		mode.Oflag &^= unix.OPOST
		mode.Iflag &^= unix.ICRNL | unix.IXON
		Expect(unix.IoctlSetTermios(int(fd), unix.TCSETS, mode)).To(Succeed())
	})).To(Succeed())
}

// nonblocking is a duplicate of a file's descriptor, closed with the spec.
func nonblocking(f *os.File) uintptr {
	GinkgoHelper()
	fd, err := platform.DupFD(int(f.Fd()))
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(unix.Close, fd)
	Expect(platform.SetNonblock(fd)).To(Succeed())
	return uintptr(fd)
}

func duplicateFile(fd uintptr) *os.File {
	GinkgoHelper()
	dup, err := platform.DupFD(int(fd))
	Expect(err).NotTo(HaveOccurred())
	f := os.NewFile(uintptr(dup), "terminal")
	DeferCleanup(func() { _ = f.Close() })
	return f
}

// readAll reads so many bytes, or what comes until ctx ends.
func readAll(ctx context.Context, f *os.File, n int) string {
	var got []byte
	b := make([]byte, 4096)
	for len(got) < n && ctx.Err() == nil {
		m, err := f.Read(b)
		if err != nil {
			break
		}
		got = append(got, b[:m]...)
	}
	return string(got)
}
