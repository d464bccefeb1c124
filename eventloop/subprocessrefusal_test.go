package eventloop_test

import (
	"errors"
	"os"
	"runtime"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
	"github.com/tidemill-go/tidemill/subprocess"
)

// stranger is a Stdio that nobody knows.
type stranger struct{}

func (stranger) Name() string { return "stranger" }

func closedFile() *os.File {
	f, err := os.Open(os.DevNull)
	if err == nil {
		err = f.Close()
	}
	Expect(err).NotTo(HaveOccurred())
	return f
}

func subprocessRefusalSpecs(kind string) {
	// refuses expects an error at once, without a call of the factory.
	refuses := func(start func(w *world, factory func() protocols.SubprocessProtocol) *eventloop.Future[eventloop.SubprocessConnection]) error {
		GinkgoHelper()
		w := newRealWorld(kind)
		made := 0
		before := descriptors()
		f := start(w, func() protocols.SubprocessProtocol { made++; return subprocess.Held() })
		Expect(f.Done()).To(BeTrue())
		Expect(made).To(BeZero())
		Expect(descriptors()).To(Equal(before))
		return f.Err()
	}

	DescribeTable("SubprocessExec refuses", func(spec func(*subprocess.Spec), kindOf error) { // L1
		s := subprocess.Spec{Path: "true"}
		spec(&s)
		Expect(refuses(func(w *world, factory func() protocols.SubprocessProtocol) *eventloop.Future[eventloop.SubprocessConnection] {
			return w.SubprocessExec(factory, s)
		})).To(MatchError(kindOf))
	},
		Entry("no program", func(s *subprocess.Spec) { s.Path = "" }, os.ErrInvalid),
		Entry("a NUL byte in the path", func(s *subprocess.Spec) { s.Path = "tr\x00ue" }, os.ErrInvalid),
		Entry("a NUL byte in an argument", func(s *subprocess.Spec) { s.Args = []string{"a", "b\x00"} }, os.ErrInvalid),
		Entry("a NUL byte in argv[0]", func(s *subprocess.Spec) { s.Arg0 = "\x00" }, os.ErrInvalid),
		Entry("a NUL byte in the environment", func(s *subprocess.Spec) { s.Env = []string{"A=\x00"} }, os.ErrInvalid),
		Entry("a NUL byte in the directory", func(s *subprocess.Spec) { s.Dir = "/\x00" }, os.ErrInvalid),
		Entry("a negative group", func(s *subprocess.Spec) { s.ProcessGroup = -1 }, os.ErrInvalid),
		Entry("a session and a group", func(s *subprocess.Spec) { s.NewSession, s.NewProcessGroup = true, true }, os.ErrInvalid),
		Entry("a new group and one to join", func(s *subprocess.Spec) { s.NewProcessGroup, s.ProcessGroup = true, 1 }, os.ErrInvalid),
		Entry("a session and a group to join", func(s *subprocess.Spec) { s.NewSession, s.ProcessGroup = true, 1 }, os.ErrInvalid),
		Entry("input from the output", func(s *subprocess.Spec) { s.Stdin = subprocess.Stdout }, os.ErrInvalid),
		Entry("output to the output", func(s *subprocess.Spec) { s.Stdout = subprocess.Stdout }, os.ErrInvalid),
		Entry("an unknown redirection", func(s *subprocess.Spec) { s.Stderr = subprocess.Redirect(200) }, os.ErrInvalid),
		Entry("a stream of another type", func(s *subprocess.Spec) { s.Stdin = stranger{} }, os.ErrInvalid),
		Entry("a file that is nil", func(s *subprocess.Spec) { s.Stdout = (*os.File)(nil) }, os.ErrInvalid),
		Entry("an extra file that is nil", func(s *subprocess.Spec) { s.ExtraFiles = []*os.File{os.Stdin, nil} }, os.ErrInvalid),
		Entry("a closed file", func(s *subprocess.Spec) { s.Stderr = closedFile() }, os.ErrClosed),
		Entry("a closed extra file", func(s *subprocess.Spec) { s.ExtraFiles = []*os.File{closedFile()} }, os.ErrClosed),
	)

	DescribeTable("SubprocessShell refuses", func(cmdline string, spec subprocess.Spec) { // L1
		Expect(refuses(func(w *world, factory func() protocols.SubprocessProtocol) *eventloop.Future[eventloop.SubprocessConnection] {
			return w.SubprocessShell(factory, cmdline, spec)
		})).To(MatchError(os.ErrInvalid))
	},
		Entry("a program", "true", subprocess.Spec{Path: "true"}),
		Entry("arguments", "true", subprocess.Spec{Args: []string{"x"}}),
		Entry("argv[0]", "true", subprocess.Spec{Arg0: "x"}),
		Entry("a NUL byte", "tr\x00ue", subprocess.Spec{}),
		Entry("what SubprocessExec refuses", "true", subprocess.Spec{ProcessGroup: -1}),
	)

	Describe("a factory of a child's protocol", func() {
		spec := nothing()

		It("must not be nil", func() {
			Expect(refuses(func(w *world, _ func() protocols.SubprocessProtocol) *eventloop.Future[eventloop.SubprocessConnection] {
				return w.SubprocessExec(nil, spec)
			})).To(MatchError(ContainSubstring("nil protocol factory")))
		})

		It("that panics or returns nil starts nothing", func(ctx SpecContext) {
			w := newNursery(kind)
			_, err := w.SubprocessExec(func() protocols.SubprocessProtocol { panic(errSpec) }, spec).Await(ctx)
			var e *eventloop.PanicError
			Expect(errors.As(err, &e)).To(BeTrue())
			Expect(err).To(MatchError(errSpec))
			Expect(w.SubprocessExec(func() protocols.SubprocessProtocol { return nil }, spec).Await(ctx)).Error().
				To(MatchError(ContainSubstring("returned nil")))
		}, bounded)
	})

	Describe("SubprocessExec", func() {
		It("takes the specification as it was when it was called", func(ctx SpecContext) {
			guardChildren()
			w, p := newRealWorld(kind), &recorder.Subprocess{}
			spec := shell("echo $WORD", subprocess.Spec{Env: []string{"WORD=before"}})
			w.SubprocessExec(makes(p), spec)
			spec.Args[1], spec.Env[0] = "echo changed", "WORD=after"
			w.background()
			w.ended(ctx, p)
			Expect(string(p.Data(1))).To(Equal("before\n"))
		}, bounded)
	})
}

var _ = DescribeTable("a loop of Windows refuses children before anything else",
	func(target platform.Target, op platform.Operation, spec subprocess.Spec) {
		w := newRealWorld("")
		eventloop.Pretend(w.Loop, target)
		before, running := descriptors(), runtime.NumGoroutine()
		start := w.SubprocessExec
		if strings.HasSuffix(string(op), "Shell") {
			start = func(factory func() protocols.SubprocessProtocol, spec subprocess.Spec) *eventloop.Future[eventloop.SubprocessConnection] {
				return w.SubprocessShell(factory, "\x00", spec)
			}
		}
		Expect(failure(start(nil, spec))).To(Equal(error(refusal(target, op))))
		Expect(descriptors()).To(Equal(before))
		Expect(runtime.NumGoroutine()).To(BeNumerically("<=", running))
	},
	Entry("SubprocessExec on select", windowsSelect, platform.SubprocessExec, subprocess.Spec{}),
	Entry("SubprocessShell on select", windowsSelect, platform.SubprocessShell, subprocess.Spec{Path: "x"}),
	Entry("a PTY on iocp", iocp, platform.SubprocessPTY, subprocess.Spec{PTY: &subprocess.PTY{}, Stdin: stranger{}}),
)
