package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols/recorder"
	"github.com/tidemill-go/tidemill/subprocess"
)

// crowdSize is a tenth of Unix's: a program is started that much slower.
const crowdSize = 200

// script is what a speaker says, and how it ends.
func (s speaker) script() string {
	end := fmt.Sprintf("exit %d", s.code())
	if s.isKilled() {
		end = "read x; exit 99"
	}
	return fmt.Sprintf("speak %d; speak %d >&2; %s", s, s+crowdSize, end)
}

// inputAsItWas is what inheritStreams says of its own input: nothing, which
// package os keeps as it is here.
const inputAsItWas = ""

// inheritStreams starts a child on the helper's own streams.
func inheritStreams(kind string) error {
	return withLoop(kind, func(ctx context.Context, l *eventloop.Loop) error {
		c, err := l.SubprocessExec(subprocess.Held, shell("cat; echo child says out; echo child says err >&2; exit 4", subprocess.Spec{
			Stdin: subprocess.Inherit, Stdout: subprocess.Inherit, Stderr: subprocess.Inherit,
		})).Await(ctx)
		if err != nil {
			return err
		}
		code, err := c.Transport.Wait(ctx)
		fmt.Println("return code:", code)
		return err
	})
}

// subprocessWindowsSpecs are about what only a child of Windows has.
func subprocessWindowsSpecs(kind string) {
	Describe("SubprocessShell", func() {
		run := func(ctx context.Context, cmdline string, spec subprocess.Spec) (said string, code int) {
			GinkgoHelper()
			w, p := newNursery(kind), &recorder.Subprocess{}
			_, err := w.SubprocessShell(makes(p), cmdline, spec).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			code = w.ended(ctx, p)
			return string(p.Data(1)) + string(p.Data(2)), code
		}

		It("runs cmd.exe, with the quotes of the command line as they are", func(ctx SpecContext) {
			said, code := run(ctx, `echo "two  words" & echo wrong 1>&2 & exit 6`, subprocess.Spec{})
			Expect(strings.Fields(said)).To(Equal(strings.Fields(`"two words" wrong`)))
			Expect(said).To(ContainSubstring(`"two  words"`))
			Expect(code).To(Equal(6))
		}, bounded)

		It("runs a program whose path needs quotes, with arguments that do", func(ctx SpecContext) {
			self, err := os.Executable()
			Expect(err).NotTo(HaveOccurred())
			program := filepath.Join(GinkgoT().TempDir(), "a program.exe")
			copied, err := os.ReadFile(self)
			Expect(err).NotTo(HaveOccurred())
			Expect(os.WriteFile(program, copied, 0o700)).To(Succeed())
			said, code := run(ctx, `"`+program+`" -c "echo said; exit 5"`, subprocess.Spec{
				Env: append(os.Environ(), helperVariable+"=shell"),
			})
			Expect([]any{said, code}).To(Equal([]any{"said\n", 5}))
		}, bounded)

		It("has the environment that it is given", func(ctx SpecContext) {
			said, _ := run(ctx, `echo %WORD%`, subprocess.Spec{Env: append(os.Environ(), "WORD=given")})
			Expect(strings.TrimSpace(said)).To(Equal("given"))
		}, bounded)
	})

	Describe("the arguments of a child", func() {
		It("arrive as they were given", func(ctx SpecContext) {
			w, p := newNursery(kind), &recorder.Subprocess{}
			for _, text := range []string{"", `a "quoted" word`, `back\slash\`, `C:\a b\`, "tab\tand%PATH%^&"} {
				spec := shell("", subprocess.Spec{})
				spec.Args, spec.Env = []string{text}, append(os.Environ(), helperVariable+"=argument")
				p = &recorder.Subprocess{}
				w.exec(ctx, p, spec)
				Expect(w.ended(ctx, p)).To(BeZero())
				Expect(string(p.Data(1))).To(Equal(text))
			}
		}, bounded)
	})

	Describe("the search for the program", func() {
		fails := func(ctx context.Context, spec subprocess.Spec) error {
			GinkgoHelper()
			w, p := newNursery(kind), &recorder.Subprocess{}
			_, err := w.SubprocessExec(makes(p), spec).Await(ctx)
			Expect(p.String()).To(BeEmpty())
			var e *os.PathError
			Expect(errors.As(err, &e)).To(BeTrue())
			return err
		}

		It("finds cmd by PATHEXT, and starts it in the child's directory", func(ctx SpecContext) {
			w, p := newNursery(kind), &recorder.Subprocess{}
			dir := GinkgoT().TempDir()
			w.exec(ctx, p, subprocess.Spec{Path: "cmd", Args: []string{"/c", "cd"}, Dir: dir})
			Expect(w.ended(ctx, p)).To(BeZero())
			Expect(strings.TrimSpace(string(p.Data(1)))).To(BeEquivalentTo(dir))
		}, bounded)

		It("fails with the system's error, and leaves nothing", func(ctx SpecContext) { // L2
			Expect(fails(ctx, subprocess.Spec{Path: `C:\no\such\program`})).To(MatchError(os.ErrNotExist))
			Expect(fails(ctx, subprocess.Spec{Path: "no-such-program"})).To(MatchError(os.ErrNotExist))
			Expect(fails(ctx, subprocess.Spec{Path: GinkgoT().TempDir()})).To(HaveOccurred())
			Expect(fails(ctx, subprocess.Spec{Path: "cmd", Dir: `C:\no\such\directory`})).To(HaveOccurred())
		}, bounded)
	})

	Describe("SendSignal", func() {
		It("refuses what Windows does not have, and says what it has", func(ctx SpecContext) {
			w, p := newNursery(kind), &recorder.Subprocess{}
			t := w.exec(ctx, p, cat())
			for _, sig := range []os.Signal{syscall.SIGHUP, syscall.SIGQUIT, syscall.Signal(1000), os.Interrupt} {
				var err error
				w.on(ctx, func() { err = t.SendSignal(sig) })
				var e *platform.UnsupportedError
				Expect(errors.As(err, &e)).To(BeTrue(), "%v", sig)
				Expect(e).To(MatchError(errors.ErrUnsupported))
				Expect([]string{e.Op, e.OS}).To(Equal([]string{"SendSignal(" + sig.String() + ")", "windows"}))
				Expect(e.Alternative).To(ContainSubstring("Spec.NewProcessGroup"))
			}
			Expect(hasEnded(t.Pid())).To(BeFalse())
			w.on(ctx, func() { _ = t.PipeTransport(0).Close() })
			Expect(w.ended(ctx, p)).To(BeZero())
		}, bounded)

		// Wine knows Ctrl-C and not Ctrl-Break, which it answers with an error: the
		// other half of this is seen on Windows only.
		It("sends os.Interrupt to a child with a process group, or returns the console's error", func(ctx SpecContext) {
			stdout, _ := helper(ctx, "press:"+kind)
			Expect(stdout).To(Or(
				Equal("signal: true\nchild: interrupted\n"),
				Equal("signal: GenerateConsoleCtrlEvent\nchild: not interrupted\n"),
			))
		}, bounded)
	})

	Describe("a crowd of children", Label("stress"), func() {
		It("leaves no handle", func(ctx SpecContext) {
			DeferCleanup(func() { eventloop.SetPolicy(nil) })
			const children = crowdAtOnce + 10
			Expect(crowdOnLoop(kind, children)).To(Succeed()) // makes the threads, which stay
			before := openHandles()
			Expect(before).To(BeNumerically(">", 0))
			Expect(crowdOnLoop(kind, children)).To(Succeed())
			// A thread more has a few handles, a child one, and its pipes three.
			Eventually(openHandles).WithTimeout(patient).Should(BeNumerically("<", before+children/2))
		}, SpecTimeout(2*time.Minute))
	})
}
