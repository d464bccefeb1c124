package eventloop_test

import (
	"errors"
	"os"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
)

// pipeInto is a pipe whose reading end is for a proactor loop.
func pipeInto(string) (r, far *os.File) {
	GinkgoHelper()
	in, out, err := platform.OverlappedPipe()
	Expect(err).NotTo(HaveOccurred())
	return untied(in), tied(out)
}

// pipeOutOf is a pipe whose writing end is for a proactor loop. It can be read as
// well, because only then it tells of its other end.
func pipeOutOf(string) (far, w *os.File) {
	GinkgoHelper()
	name := freshPipe()
	in, err := platform.CreatePipeInstance(name, true)
	Expect(err).NotTo(HaveOccurred())
	far = tied(in)
	out, err := platform.OpenNamedPipe(name)
	Expect(err).NotTo(HaveOccurred())
	return far, untied(out)
}

// tied is a file that the runtime's completion port has.
func tied(fd int) *os.File {
	f := os.NewFile(uintptr(fd), "pipe")
	DeferCleanup(func() { _ = f.Close() })
	return f
}

// untied is a file that no port has: what package os makes of the standard input.
// That a file can leave its port again is what Wine lacks.
func untied(fd int) *os.File {
	stdin := syscall.Stdin
	syscall.Stdin = syscall.Handle(fd)
	defer func() { syscall.Stdin = stdin }()
	return tied(fd)
}

// anonymousPipeSpecs are about what a proactor loop can not be given.
func anonymousPipeSpecs(kind string) {
	It("refuses an anonymous pipe, which is not overlapped and stays its owner's", func() {
		w := newRealWorld(kind)
		r, far := filePipe()
		made := 0
		factory := func() protocols.Protocol { made++; return newEcho() }
		for _, err := range []error{failure(w.ConnectReadPipe(factory, r)), failure(w.ConnectWritePipe(factory, far))} {
			refusal, ok := errors.AsType[*platform.UnsupportedError](err)
			Expect(ok).To(BeTrue(), "%v", err)
			Expect(refusal.Loop).To(Equal("iocp"))
			Expect(refusal.Reason).To(ContainSubstring("overlapped"))
			Expect(refusal.Alternative).To(ContainSubstring("platform.OverlappedPipe"))
		}
		Expect(made).To(BeZero())
		Expect(far.WriteString("x")).To(Equal(1))
		Expect(r.Read(make([]byte, 1))).To(Equal(1))
		Expect(r.Close()).To(Succeed())
		Expect(far.Close()).To(Succeed())
	})

	It("takes over a file that package os has tied to its own port, where the system can do that", func(ctx SpecContext) {
		w := newRealWorld(kind)
		w.background()
		in, out, err := platform.OverlappedPipe()
		Expect(err).NotTo(HaveOccurred())
		r, far := tied(in), tied(out)
		other, err := platform.DupFD(in)
		Expect(err).NotTo(HaveOccurred())
		leaves := platform.LeavePort(other)
		Expect(platform.CloseFD(other)).To(Succeed())
		c, err := w.ConnectReadPipe(func() protocols.Protocol { return newEcho() }, r).Await(ctx)
		if leaves != nil { // Windows before 8.1, Wine
			Expect(err).To(MatchError(errors.ErrUnsupported))
			Expect(err).To(MatchError(ContainSubstring("another completion port")))
		} else {
			Expect(err).NotTo(HaveOccurred())
			w.on(ctx, c.Transport.Abort)
		}
		Expect(far.Close()).To(Succeed())
		Expect(r.Close()).To(MatchError(os.ErrClosed))
	}, bounded)
}
