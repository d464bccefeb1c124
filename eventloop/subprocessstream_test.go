package eventloop_test

import (
	"bytes"
	"context"
	"os"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/looptest"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
	"github.com/tidemill-go/tidemill/subprocess"
)

func subprocessStreamSpecs(kind string) {
	pipes := func(ctx context.Context, w *world, t protocols.SubprocessTransport) (there []int) {
		w.on(ctx, func() {
			for fd := -1; fd <= 3; fd++ {
				if t.PipeTransport(fd) != nil {
					there = append(there, fd)
				}
			}
		})
		return there
	}

	Describe("a child's standard streams", func() {
		It("are pipes by default, whose transports stay", func(ctx SpecContext) { // L3 L11
			w, p := newNursery(kind), &recorder.Subprocess{}
			t := w.sh(ctx, p, "read x")
			Expect(pipes(ctx, w, t)).To(Equal([]int{0, 1, 2}))
			w.types(ctx, t, "\n")
			w.ended(ctx, p)
			Expect(pipes(ctx, w, t)).To(Equal([]int{0, 1, 2}))
			closing := false
			w.on(ctx, func() { closing = t.PipeTransport(1).IsClosing() })
			Expect(closing).To(BeTrue())
		}, bounded)

		It("are what the specification says", func(ctx SpecContext) { // L3
			w, p := newNursery(kind), &recorder.Subprocess{}
			out := regularFile()
			t := w.exec(ctx, p, shell("cat; echo out; echo err >&2", subprocess.Spec{
				Stdin: subprocess.DevNull, Stdout: out, Stderr: subprocess.Pipe,
			}))
			Expect(pipes(ctx, w, t)).To(Equal([]int{2}))
			w.ended(ctx, p)
			Expect(os.ReadFile(out.Name())).To(Equal([]byte("out\n")))
			Expect(string(p.Data(2))).To(Equal("err\n"))
		}, bounded)

		It("end the child's life together with it when there is none", func(ctx SpecContext) {
			w, p := newNursery(kind), &recorder.Subprocess{}
			t := w.exec(ctx, p, shell("cat; echo nowhere; echo nowhere >&2; exit 9", subprocess.Spec{
				Stdin: subprocess.DevNull, Stdout: subprocess.DevNull, Stderr: subprocess.DevNull,
			}))
			Expect(pipes(ctx, w, t)).To(BeEmpty())
			Expect(w.ended(ctx, p)).To(Equal(9))
			Expect(p.String()).To(Equal("made exited lost(nil)"))
		}, bounded)

		It("lead the errors to wherever the output goes", func(ctx SpecContext) { // L12
			for _, stdout := range []subprocess.Stdio{nil, subprocess.Pipe} {
				w, p := newNursery(kind), &recorder.Subprocess{}
				t := w.exec(ctx, p, shell("echo a; echo b >&2", subprocess.Spec{Stdout: stdout, Stderr: subprocess.Stdout}))
				Expect(pipes(ctx, w, t)).To(Equal([]int{0, 1}))
				w.ended(ctx, p)
				Expect(string(p.Data(1))).To(Equal("a\nb\n"))
			}
			w, p, out := newNursery(kind), &recorder.Subprocess{}, regularFile()
			w.exec(ctx, p, shell("echo a; echo b >&2", subprocess.Spec{Stdout: out, Stderr: subprocess.Stdout}))
			w.ended(ctx, p)
			Expect(os.ReadFile(out.Name())).To(Equal([]byte("a\nb\n")))
		}, bounded)

		It("leave the caller's file open, and blocking", func(ctx SpecContext) {
			w, p := newNursery(kind), &recorder.Subprocess{}
			r, far := filePipe() // non-blocking, as package os has it
			w.exec(ctx, p, shell("echo through; test ! -t 1", subprocess.Spec{Stdout: far}))
			Expect(w.ended(ctx, p)).To(BeZero())
			Expect(far.WriteString("still open")).To(Equal(10))
			b := make([]byte, 100)
			n, err := r.Read(b)
			Expect(err).NotTo(HaveOccurred())
			Expect(string(b[:n])).To(HavePrefix("through\n"))
		}, bounded)

		It("are the parent's own where they are inherited, as they are", func(ctx SpecContext) {
			stdout, stderr := helper(ctx, "inherit:"+kind)
			Expect(stdout).To(Equal("child says out\n" + inputAsItWas + "return code: 4\n"))
			Expect(stderr).To(Equal("child says err\n"))
		}, bounded)
	})

	Describe("the standard input of a child", func() {
		It("is sent to its end when its transport is closed", func(ctx SpecContext) { // L13
			w, p := newNursery(kind), &recorder.Subprocess{}
			big := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
			t := w.exec(ctx, p, cat())
			w.on(ctx, func() {
				_, _ = t.PipeTransport(0).Write(big)
				_ = t.PipeTransport(0).(protocols.WritePipe).WriteEOF()
			})
			Expect(w.ended(ctx, p)).To(BeZero())
			Expect(p.Data(1)).To(Equal(big))
			Expect(p.Pipe(0)).To(Equal("pipe0(nil)"))
		}, bounded)

		It("is lost without a cause when the child closes it and nothing waits", func(ctx SpecContext) { // L14
			w, p := newNursery(kind), &recorder.Subprocess{}
			hold := newGate()
			w.exec(ctx, p, shell("exec <&-; read x <&3", hold.before(subprocess.Spec{})))
			Eventually(ctx, p.String).Should(Equal("made pipe0(nil)"))
			Expect(hold.Close()).To(Succeed())
			w.ended(ctx, p)
		}, bounded)

		It("is lost with EPIPE when something waits", func(ctx SpecContext) { // L14
			w, p := newNursery(kind), &recorder.Subprocess{}
			hold := newGate()
			t := w.exec(ctx, p, shell("read x <&3; exec <&-; read x <&3", hold.before(subprocess.Spec{})))
			w.on(ctx, func() { _, _ = t.PipeTransport(0).Write(make([]byte, 1<<20)) })
			Expect(hold.WriteString("\n")).To(Equal(1))
			Eventually(ctx, p.Pipe).WithArguments(0).Should(beWithoutReader())
			Expect(p.Count(recorder.Exited)).To(BeZero())
			Expect(hold.Close()).To(Succeed())
			w.ended(ctx, p)
		}, bounded)

		It("is lost with EPIPE when the child ends and something waits", func(ctx SpecContext) { // L14
			w, p := newNursery(kind), &recorder.Subprocess{}
			t := w.sh(ctx, p, "read x; exit 0")
			w.on(ctx, func() { _, _ = t.PipeTransport(0).Write(bytes.Repeat([]byte("line\n"), 1<<18)) })
			Expect(w.ended(ctx, p)).To(BeZero())
			Expect(p.Pipe(0)).To(beWithoutReader())
		}, bounded)

		It("pauses and resumes whoever writes", func(ctx SpecContext) { // L15
			w, p := newNursery(kind), &recorder.Subprocess{}
			t := w.sh(ctx, p, "read x; cat >/dev/null")
			inside := ""
			w.on(ctx, func() {
				_, _ = t.PipeTransport(0).Write(make([]byte, 1<<20))
				inside = p.String()
			})
			Expect(inside).To(Equal("made pause"))
			w.types(ctx, t, "\n")
			Eventually(ctx, p.String).Should(Equal("made pause resume"))
			w.on(ctx, func() { _ = t.PipeTransport(0).Close() })
			w.ended(ctx, p)
		}, bounded)

		It("is not interested in a protocol without flow control", func(ctx SpecContext) {
			w := newNursery(kind)
			over := make(chan bool)
			c, err := w.SubprocessExec(makes(&plain{lost: over}), shell("exec cat", subprocess.Spec{Stdout: subprocess.DevNull})).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			w.on(ctx, func() {
				_, _ = c.Transport.PipeTransport(0).Write(make([]byte, 1<<20))
				_ = c.Transport.PipeTransport(0).Close()
			})
			Eventually(ctx, over).Should(BeClosed())
		}, bounded)
	})
}

// plain is a SubprocessProtocol and nothing else.
type plain struct{ lost chan bool }

func (*plain) ConnectionMade(protocols.SubprocessTransport) {}
func (*plain) PipeDataReceived(int, []byte)                 {}
func (*plain) PipeConnectionLost(int, error)                {}
func (*plain) ProcessExited()                               {}
func (p *plain) ConnectionLost(error)                       { close(p.lost) }

// withLoop is eventloop.Run with a loop of a kind.
func withLoop(kind string, main func(context.Context, *eventloop.Loop) error) error {
	return withLoopIn(context.Background(), kind, main)
}

// withLoopIn is withLoop in a context.
func withLoopIn(ctx context.Context, kind string, main func(context.Context, *eventloop.Loop) error) error {
	eventloop.SetPolicy(&eventloop.DefaultPolicy{Factory: func() (*eventloop.Loop, error) {
		return looptest.OfKind(kind, eventloop.SelectorConfig{})
	}})
	return eventloop.Run(ctx, main)
}
