package eventloop_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
	"github.com/tidemill-go/tidemill/subprocess"
)

func subprocessSpecs(kind string) {
	Describe("SubprocessExec", func() {
		It("tells a child's life in order", func(ctx SpecContext) { // L4 L5 L6 L7 L9 L22
			w, p := newNursery(kind), &recorder.Subprocess{}
			code := -1
			p.OnExited = func() { code, _ = p.Transport().ReturnCode() }
			t := w.sh(ctx, p, "read z; echo out; read a; echo err >&2; exec >&- 2>&-; read b; exit 7")
			w.types(ctx, t, "z\n")
			Eventually(ctx, p.Data).WithArguments(1).Should(Equal([]byte("out\n")))
			w.types(ctx, t, "a\n")
			Eventually(ctx, p.Count).WithArguments(recorder.PipeLost).Should(Equal(2))
			Expect(p.Count(recorder.Exited)).To(BeZero())
			w.types(ctx, t, "b\n")
			Expect(w.ended(ctx, p)).To(Equal(7))
			Expect(code).To(Equal(7))
			Expect(p.Pipe(0)).To(Equal("pipe0(nil)"))
			Expect(p.Pipe(1)).To(Equal("data1(4) pipe1(nil)"))
			Expect(p.Pipe(2)).To(Equal("data2(4) pipe2(nil)"))
			Expect(p.String()).To(HavePrefix("made data1(4) data2(4) pipe"))
			Expect(p.String()).To(HaveSuffix(" lost(nil)"))
			closing := true
			w.on(ctx, func() { closing = t.IsClosing() })
			Expect(closing).To(BeFalse())
		}, bounded)

		It("knows the child at once, and its return code when it has ended", func(ctx SpecContext) { // L10
			w, p := newNursery(kind), &recorder.Subprocess{}
			t := w.sh(ctx, p, "read x; exit 3")
			Expect(t.Pid()).To(BeNumerically(">", 1))
			var exited bool
			var process any
			w.on(ctx, func() {
				_, exited = t.ReturnCode()
				process = t.ExtraInfo("subprocess")
			})
			Expect(exited).To(BeFalse())
			Expect(process.(*os.Process).Pid).To(Equal(t.Pid()))
			Expect(t.ExtraInfo("pipe")).To(BeNil())
			Expect(t.LocalAddr()).To(BeNil())
			Expect(t.RemoteAddr()).To(BeNil())
			w.types(ctx, t, "\n")
			Expect(w.ended(ctx, p)).To(Equal(3))
			Expect(t.Pid()).To(Equal(process.(*os.Process).Pid))
			Expect(fmt.Sprint(t)).To(Equal(fmt.Sprintf("child process %d", t.Pid())))
		}, bounded)

		It("has reaped the child when ConnectionLost is called", func(ctx SpecContext) { // L23
			w, p := newNursery(kind), &recorder.Subprocess{}
			left := true
			p.OnLost = func(error) { left = exists(p.Transport().Pid()) }
			w.sh(ctx, p, "exit 0")
			w.ended(ctx, p)
			Expect(left).To(BeFalse())
		}, bounded)

		It("delivers the first byte to whom the awaiting task has made the protocol", func(ctx SpecContext) { // D4
			w := newNursery(kind)
			for range 20 {
				first, second := &recorder.Subprocess{}, &recorder.Subprocess{}
				task := eventloop.CreateTask(w.Loop, func(ctx context.Context) (int, error) {
					c, err := w.SubprocessExec(makes(first), shell("echo x", subprocess.Spec{})).Await(ctx)
					if err != nil {
						return 0, err
					}
					second.Adopt(c.Transport)
					c.Transport.SetProtocol(second)
					return 0, nil
				})
				Expect(task.Await(ctx)).Error().NotTo(HaveOccurred())
				w.ended(ctx, second)
				Expect(first.String()).To(Equal("made"))
				Expect(string(second.Data(1))).To(Equal("x\n"))
				Expect(second.Violations()).To(BeEmpty())
			}
		}, bounded)

		It("delivers nothing of an output that is paused in ConnectionMade", func(ctx SpecContext) { // K7
			w, p := newNursery(kind), &recorder.Subprocess{}
			p.OnMade = func(t protocols.SubprocessTransport) { t.PipeTransport(1).PauseReading() }
			t := w.sh(ctx, p, "echo paused; echo heard >&2")
			Eventually(ctx, p.Count).WithArguments(recorder.Exited).Should(Equal(1))
			Eventually(ctx, p.Pipe).WithArguments(2).Should(Equal("data2(6) pipe2(nil)"))
			Expect(p.Pipe(1)).To(BeEmpty())
			Expect(p.Done()).NotTo(BeClosed())
			w.on(ctx, func() { t.PipeTransport(1).ResumeReading() })
			w.ended(ctx, p)
			Expect(p.Pipe(1)).To(Equal("data1(7) pipe1(nil)"))
		}, bounded)

		It("says ProcessExited at once and ConnectionLost later when a grandchild holds a pipe", func(ctx SpecContext) { // L8 L9, lesson 45
			w, p := newNursery(kind), &recorder.Subprocess{}
			hold := newGate()
			t := w.exec(ctx, p, shell("(read x <&3; echo late) & exit 3", hold.before(subprocess.Spec{
				Stdin: subprocess.DevNull, Stderr: subprocess.DevNull,
			})))
			Expect(t.Wait(ctx)).To(Equal(3))
			Eventually(ctx, p.String).Should(Equal("made exited"))
			Consistently(p.Done()).WithTimeout(tick).ShouldNot(BeClosed())
			_, err := hold.WriteString("\n")
			Expect(err).NotTo(HaveOccurred())
			Expect(w.ended(ctx, p)).To(Equal(3))
			Expect(p.String()).To(Equal("made exited data1(5) pipe1(nil) lost(nil)"))
		}, bounded)
	})

	Describe("what a child is given", func() {
		// says runs a script with spec and returns what it prints.
		says := func(ctx context.Context, script string, spec subprocess.Spec) string {
			GinkgoHelper()
			w, p := newNursery(kind), &recorder.Subprocess{}
			w.exec(ctx, p, shell(script, spec))
			Expect(w.ended(ctx, p)).To(BeZero(), "%s", p.Data(2))
			return strings.TrimSpace(string(p.Data(1)))
		}

		It("is its environment and nothing of the parent's", func(ctx SpecContext) { // L29
			Expect(says(ctx, "echo $ONE-$TWO-$HOME", subprocess.Spec{Env: []string{"ONE=1", "TWO=2"}})).To(Equal("1-2-"))
		}, bounded)

		It("is the parent's environment by default", func(ctx SpecContext) {
			GinkgoT().Setenv("TIDEMILL_SPEC", "inherited")
			Expect(says(ctx, "echo $TIDEMILL_SPEC", subprocess.Spec{})).To(Equal("inherited"))
		}, bounded)

		It("is its working directory", func(ctx SpecContext) { // L29
			dir, err := filepath.EvalSymlinks(GinkgoT().TempDir())
			Expect(err).NotTo(HaveOccurred())
			Expect(says(ctx, ownDirectory, subprocess.Spec{Dir: dir})).To(Equal(dir))
		}, bounded)

		It("is the name that it is called by", func(ctx SpecContext) {
			Expect(says(ctx, "echo $0", subprocess.Spec{Arg0: "other-name"})).To(Equal("other-name"))
		}, bounded)

		It("are not the pipes of other children", func(ctx SpecContext) { // L26
			w, first, second := newNursery(kind), &recorder.Subprocess{}, &recorder.Subprocess{}
			one := w.exec(ctx, first, cat())
			two := w.exec(ctx, second, cat())
			w.on(ctx, func() { _ = one.PipeTransport(0).Close() })
			Expect(w.ended(ctx, first)).To(BeZero())
			Expect(second.String()).To(Equal("made"))
			w.on(ctx, func() { _ = two.PipeTransport(0).Close() })
			Expect(w.ended(ctx, second)).To(BeZero())
		}, bounded)
	})
}
