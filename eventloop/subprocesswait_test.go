package eventloop_test

import (
	"bytes"
	"context"
	"os"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
	"github.com/tidemill-go/tidemill/subprocess"
)

func subprocessWaitSpecs(kind string) {
	// held starts a shell script whose output waits for Communicate.
	held := func(ctx context.Context, w *world, script string) protocols.SubprocessTransport {
		GinkgoHelper()
		c, err := w.SubprocessExec(subprocess.Held, shell(script, subprocess.Spec{})).Await(ctx)
		Expect(err).NotTo(HaveOccurred())
		return c.Transport
	}
	brief := func() (context.Context, context.CancelFunc) {
		return context.WithTimeoutCause(context.Background(), tick, errSpec)
	}

	Describe("Wait for a child", func() {
		It("returns the return code to everybody, before and after the end", func(ctx SpecContext) { // L25
			w, p := newNursery(kind), &recorder.Subprocess{}
			t := w.sh(ctx, p, "read x; exit 7")
			codes := make(chan int, 10)
			for range 5 {
				go func() { code, _ := t.Wait(ctx); codes <- code }()
				eventloop.CreateTask(w.Loop, func(ctx context.Context) (int, error) {
					code, err := t.Wait(ctx)
					codes <- code
					return 0, err
				})
			}
			Consistently(codes).WithTimeout(tick).ShouldNot(Receive())
			w.types(ctx, t, "\n")
			for range 10 {
				Eventually(ctx, codes).Should(Receive(Equal(7)))
			}
			w.ended(ctx, p)
			over, cancel := context.WithCancel(ctx)
			cancel()
			Expect(t.Wait(over)).To(Equal(7))
			var code int
			var err error
			w.on(ctx, func() { code, err = t.Wait(context.Background()) })
			Expect(code, err).To(Equal(7))
		}, bounded)

		It("ends with its context and disturbs nobody", func(ctx SpecContext) { // L25
			w, p := newNursery(kind), &recorder.Subprocess{}
			t := w.sh(ctx, p, "read x; exit 7")
			other := make(chan int, 1)
			go func() { code, _ := t.Wait(ctx); other <- code }()
			soon, cancel := brief()
			defer cancel()
			Expect(t.Wait(soon)).Error().To(MatchError(errSpec))
			task := eventloop.CreateTask(w.Loop, func(ctx context.Context) (int, error) { return t.Wait(ctx) })
			w.on(ctx, func() {})
			w.on(ctx, func() { task.Cancel() })
			Expect(task.Await(ctx)).Error().To(MatchError(eventloop.ErrCancelled))
			Expect(p.String()).To(Equal("made"))
			w.types(ctx, t, "\n")
			Eventually(ctx, other).Should(Receive(Equal(7)))
			w.ended(ctx, p)
		}, bounded)

		It("is refused in a callback of the loop", func(ctx SpecContext) {
			w, p := newNursery(kind), &recorder.Subprocess{}
			t := w.sh(ctx, p, "read x")
			var err error
			w.on(ctx, func() { _, err = t.Wait(context.Background()) })
			Expect(err).To(MatchError(eventloop.ErrAwaitOnLoop))
			w.on(ctx, t.Abort)
			w.ended(ctx, p)
		}, bounded)
	})

	Describe("Communicate with a child", func() {
		It("sends the input and returns both outputs", func(ctx SpecContext) { // L27
			w := newNursery(kind)
			big := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
			t := held(ctx, w, "tee /dev/stderr; exit 3")
			stdout, stderr, err := t.Communicate(ctx, big)
			Expect(err).NotTo(HaveOccurred())
			Expect(bytes.Equal(stdout, big)).To(BeTrue())
			Expect(bytes.Equal(stderr, big)).To(BeTrue())
			Expect(t.Wait(ctx)).To(Equal(3))
			gone(ctx, w, t)
		}, bounded)

		It("does so in a task, where it needs nothing held", func(ctx SpecContext) { // L27 D4
			w, p := newNursery(kind), &recorder.Subprocess{}
			task := eventloop.CreateTask(w.Loop, func(ctx context.Context) (string, error) {
				c, err := w.SubprocessExec(makes(p), shell("exec sort", subprocess.Spec{})).Await(ctx)
				if err != nil {
					return "", err
				}
				stdout, _, err := c.Transport.Communicate(ctx, []byte("b\na\n"))
				return string(stdout), err
			})
			Expect(task.Await(ctx)).To(Equal("a\nb\n"))
			w.ended(ctx, p)
			Expect(p.Data(1)).To(BeEmpty())
			Expect(p.Violations()).To(BeEmpty())
		}, bounded)

		It("loses nothing that was said long before", func(ctx SpecContext) {
			w := newNursery(kind)
			t := held(ctx, w, "echo early; echo bird >&2")
			Expect(t.Wait(ctx)).To(BeZero())
			w.on(ctx, func() {})
			stdout, stderr, err := t.Communicate(ctx, nil)
			Expect(err).NotTo(HaveOccurred())
			Expect(string(stdout)).To(Equal("early\n"))
			Expect(string(stderr)).To(Equal("bird\n"))
			gone(ctx, w, t)
		}, bounded)

		It("tells an output without a word from one that is no pipe", func(ctx SpecContext) {
			w := newNursery(kind)
			c, err := w.SubprocessExec(subprocess.Held, shell("exit 0", subprocess.Spec{Stderr: subprocess.DevNull})).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			stdout, stderr, err := c.Transport.Communicate(ctx, nil)
			Expect(err).NotTo(HaveOccurred())
			Expect(stdout).To(Equal([]byte{}))
			Expect(stderr).To(BeNil())
			gone(ctx, w, c.Transport)
			stdout, _, err = c.Transport.Communicate(ctx, nil)
			Expect(err).NotTo(HaveOccurred())
			Expect(stdout).To(BeEmpty())
		}, bounded)

		It("does not mind a child that does not listen", func(ctx SpecContext) { // L27
			w := newNursery(kind)
			t := held(ctx, w, "exec <&-; echo deaf; exit 2")
			stdout, _, err := t.Communicate(ctx, make([]byte, 1<<20))
			Expect(err).NotTo(HaveOccurred())
			Expect(string(stdout)).To(Equal("deaf\n"))
			gone(ctx, w, t)
		}, bounded)

		It("refuses input that can not be sent, having done nothing", func(ctx SpecContext) {
			w := newNursery(kind)
			c, err := w.SubprocessExec(subprocess.Held, shell("echo x", subprocess.Spec{Stdin: subprocess.DevNull})).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			_, _, err = c.Transport.Communicate(ctx, []byte("input"))
			Expect(err).To(MatchError(os.ErrInvalid))
			stdout, _, err := c.Transport.Communicate(ctx, nil)
			Expect(err).NotTo(HaveOccurred())
			Expect(string(stdout)).To(Equal("x\n"))
			gone(ctx, w, c.Transport)
		}, bounded)

		It("is refused while another one is at work, and in a callback of the loop", func(ctx SpecContext) {
			w := newNursery(kind)
			t := held(ctx, w, "cat; exec sleep 30")
			first := make(chan error, 1)
			go func() { _, _, err := t.Communicate(ctx, nil); first <- err }()
			Eventually(func() bool {
				reading := false
				w.on(ctx, func() { reading = t.PipeTransport(1).IsReading() })
				return reading
			}).WithTimeout(patient).Should(BeTrue())
			_, _, err := t.Communicate(ctx, nil)
			Expect(err).To(MatchError(eventloop.ErrInvalidState))
			w.on(ctx, func() { _, _, err = t.Communicate(ctx, nil) })
			Expect(err).To(MatchError(eventloop.ErrAwaitOnLoop))
			w.on(ctx, func() { _ = t.Close() })
			Eventually(ctx, first).Should(Receive(BeNil()))
			gone(ctx, w, t)
		}, bounded)

		It("returns what came so far when its context ends, and the rest to the next", func(ctx SpecContext) {
			w := newNursery(kind)
			more := newGate()
			c, err := w.SubprocessExec(subprocess.Held, shell("cat; echo first; cat <&3", more.before(subprocess.Spec{}))).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			t := c.Transport
			limited, cancel := context.WithCancelCause(ctx)
			go func() {
				for !hasSaid(ctx, w, t) {
				}
				cancel(errSpec)
			}()
			stdout, _, err := t.Communicate(limited, []byte("input\n"))
			Expect(err).To(MatchError(errSpec))
			Expect(more.WriteString("second\n")).To(Equal(7))
			Expect(more.Close()).To(Succeed())
			Expect(t.Wait(ctx)).To(BeZero())
			w.on(ctx, func() {})
			Expect(t.Communicate(limited, nil)).Error().To(MatchError(errSpec))
			rest, _, err := t.Communicate(ctx, nil)
			Expect(err).NotTo(HaveOccurred())
			Expect(string(stdout) + string(rest)).To(Equal("input\nfirst\nsecond\n"))
			gone(ctx, w, t)
		}, bounded)

		It("loses nothing whenever its context ends", func(ctx SpecContext) {
			w := newNursery(kind)
			t := held(ctx, w, manyLines)
			var all []byte
			for turns := 1; ; turns++ {
				limited, cancel := context.WithTimeout(ctx, time.Duration(turns%7)*time.Millisecond)
				stdout, _, err := t.Communicate(limited, nil)
				cancel()
				all = append(all, stdout...)
				if err == nil {
					break
				}
				Expect(err).To(MatchError(context.DeadlineExceeded))
			}
			lines := bytes.Split(all, []byte("\n"))
			Expect(lines).To(HaveLen(3001))
			Expect(string(lines[2999])).To(Equal("line 2999"))
			gone(ctx, w, t)
		}, bounded)

		It("keeps for the next what comes when its context has ended and the loop does not know", func(ctx SpecContext) {
			w := newNursery(kind)
			more := newGate()
			c, err := w.SubprocessExec(subprocess.Held, shell("read x <&3; echo said", more.before(subprocess.Spec{}))).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			t := c.Transport
			limited, cancel := context.WithCancelCause(ctx)
			defer cancel(nil)
			over := make(chan error, 1)
			go func() { _, _, err := t.Communicate(limited, nil); over <- err }()
			Eventually(func() (reading bool) {
				w.on(ctx, func() { reading = t.PipeTransport(1).IsReading() })
				return reading
			}).WithTimeout(patient).Should(BeTrue())
			// The first stop lets the child speak, so that the read is in the same
			// batch as the second, behind it.
			first, second := newStop(), newStop()
			Expect(w.Post(first.wait)).To(Succeed())
			Eventually(ctx, first.there).Should(BeClosed())
			Expect(more.WriteString("\n")).To(Equal(1))
			Eventually(hasEnded).WithArguments(t.Pid()).WithTimeout(patient).Should(BeTrue())
			Expect(w.Post(second.wait)).To(Succeed())
			close(first.leave)
			Eventually(ctx, second.there).Should(BeClosed())
			cancel(errSpec)
			Eventually(ctx, over).Should(Receive(MatchError(errSpec)))
			close(second.leave)
			stdout, _, err := t.Communicate(ctx, nil)
			Expect(err).NotTo(HaveOccurred())
			Expect(string(stdout)).To(Equal("said\n"))
			gone(ctx, w, t)
		}, bounded)

		It("gives the outputs back to the protocol when its context ends", func(ctx SpecContext) {
			w, p := newNursery(kind), &recorder.Subprocess{}
			more := newGate()
			t := w.exec(ctx, p, shell("read x <&3; echo late", more.before(subprocess.Spec{})))
			task := eventloop.CreateTask(w.Loop, func(ctx context.Context) (int, error) {
				_, _, err := t.Communicate(ctx, nil)
				return 0, err
			})
			w.on(ctx, func() {})
			w.on(ctx, func() { task.Cancel() })
			Expect(task.Await(ctx)).Error().To(MatchError(eventloop.ErrCancelled))
			Expect(more.WriteString("\n")).To(Equal(1))
			Expect(w.ended(ctx, p)).To(BeZero())
			Expect(p.Pipe(1)).To(Equal("data1(5) pipe1(nil)"))
		}, bounded)

		It("ends with the loop", func(ctx SpecContext) {
			guardChildren()
			w := newRealWorld(kind)
			halt := w.background()
			t := held(ctx, w, "echo said; exec sleep 30")
			over := make(chan error, 1)
			go func() { _, _, err := t.Communicate(context.Background(), nil); over <- err }()
			Consistently(over).WithTimeout(tick).ShouldNot(Receive())
			halt()
			Expect(w.Close()).To(Succeed())
			Eventually(ctx, over).Should(Receive(MatchError(eventloop.ErrLoopClosed)))
			_, _, err := t.Communicate(ctx, nil)
			Expect(err).To(MatchError(eventloop.ErrLoopClosed))
			Expect(t.Wait(ctx)).Error().To(MatchError(eventloop.ErrLoopClosed))
		}, bounded)
	})
}

// gone waits until the loop has nothing to do with the child any more.
func gone(ctx context.Context, w *world, t protocols.SubprocessTransport) {
	GinkgoHelper()
	Eventually(func() (left protocols.SubprocessProtocol) {
		w.on(ctx, func() { left = t.Protocol() })
		return left
	}).WithTimeout(patient).Should(BeNil())
}

// stop is a callback that holds the loop.
type stop struct{ there, leave chan bool }

func newStop() stop { return stop{make(chan bool), make(chan bool)} }

func (s stop) wait() {
	close(s.there)
	<-s.leave
}

// hasSaid says that a child's standard input is lost: it has been read.
func hasSaid(ctx context.Context, w *world, t protocols.SubprocessTransport) (closing bool) {
	_ = w.Do(ctx, func() error {
		closing = t.PipeTransport(0).Protocol() == nil
		return nil
	})
	return closing || ctx.Err() != nil
}
