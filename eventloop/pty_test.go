//go:build unix

package eventloop_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
	"github.com/tidemill-go/tidemill/subprocess"
)

// screen is what came from a child's terminal so far.
func screen(p *recorder.Subprocess) string { return string(p.Data(1)) }

// life is what a child's protocol heard so far, but for data.
func life(p *recorder.Subprocess) string {
	return regexp.MustCompile(` data\d\(\d+\)`).ReplaceAllString(p.String(), "")
}

// onTerminal starts a command line of the shell on a terminal. The child must be
// over at the end of the spec.
func (w *world) onTerminal(ctx context.Context, p *recorder.Subprocess, script string, spec subprocess.Spec) protocols.SubprocessTransport {
	GinkgoHelper()
	if spec.PTY == nil {
		spec.PTY = &subprocess.PTY{}
	}
	c, err := w.SubprocessShell(makes(p), script, spec).Await(ctx)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func(ctx SpecContext) {
		w.on(ctx, c.Transport.Abort)
		w.ended(ctx, p)
		Expect(p.Violations()).To(BeEmpty())
	}, NodeTimeout(patient))
	return c.Transport
}

// lines are what seq(1) prints: more than a mebibyte in which nothing repeats.
func lines() []byte {
	var b bytes.Buffer
	for i := 1; i <= 180_000; i++ {
		b.WriteString(strconv.Itoa(i))
		b.WriteByte('\n')
	}
	return b.Bytes()
}

func ptySpecs(kind string) {
	Describe("a child on a PTY", func() {
		var w *world
		var p *recorder.Subprocess
		BeforeEach(func() { w, p = newNursery(kind), &recorder.Subprocess{} })

		It("has it as all three streams, which are one pipe", func(ctx SpecContext) {
			w.onTerminal(ctx, p, "tty; test -t 0 && test -t 1 && test -t 2 && echo yes", subprocess.Spec{})
			Expect(w.ended(ctx, p)).To(BeZero())
			Expect(screen(p)).To(MatchRegexp(`^/dev/\S+\r\nyes\r\n$`))
			Expect(life(p)).To(Or(Equal("made pipe1(nil) exited lost(nil)"), Equal("made exited pipe1(nil) lost(nil)")))
		}, bounded)

		It("has a session of its own, whose controlling terminal it is", func(ctx SpecContext) {
			t := w.onTerminal(ctx, p, "echo hello >/dev/tty; read line", subprocess.Spec{})
			Eventually(ctx, screen).WithArguments(p).Should(Equal("hello\r\n"))
			Expect(unix.Getsid(t.Pid())).To(Equal(t.Pid()))
			w.types(ctx, t, "\n")
			Expect(w.ended(ctx, p)).To(BeZero())
		}, bounded)

		It("is reached through one transport, for reading and writing", func(ctx SpecContext) {
			t := w.onTerminal(ctx, p, "read line; echo got $line", subprocess.Spec{})
			var same, none, canWriteEOF bool
			var eof error
			w.on(ctx, func() {
				one := t.PipeTransport(0)
				same, none = one == t.PipeTransport(1), t.PipeTransport(2) == nil
				canWriteEOF, eof = one.CanWriteEOF(), one.WriteEOF()
			})
			Expect(same).To(BeTrue())
			Expect(none).To(BeTrue())
			Expect(canWriteEOF).To(BeFalse())
			Expect(eof).To(MatchError(errors.ErrUnsupported))
			w.types(ctx, t, "this\n")
			Expect(w.ended(ctx, p)).To(BeZero())
			Expect(screen(p)).To(Equal("this\r\ngot this\r\n"), "the first is the echo")
		}, bounded)

		It("may have a standard error of its own", func(ctx SpecContext) {
			w.onTerminal(ctx, p, "test -t 2 || echo no terminal >&2", subprocess.Spec{Stderr: subprocess.Pipe})
			Expect(w.ended(ctx, p)).To(BeZero())
			Expect(string(p.Data(2))).To(Equal("no terminal\n"))
			Expect(screen(p)).To(BeEmpty())
			Expect(life(p)).To(And(ContainSubstring("pipe1(nil)"), ContainSubstring("pipe2(nil)")))
		}, bounded)

		It("may have standard error where standard output is", func(ctx SpecContext) {
			w.onTerminal(ctx, p, "test -t 2 && echo terminal >&2", subprocess.Spec{Stderr: subprocess.Stdout})
			Expect(w.ended(ctx, p)).To(BeZero())
			Expect(screen(p)).To(Equal("terminal\r\n"))
		}, bounded)

		Describe("the window size", func() {
			It("is the one that was asked for", func(ctx SpecContext) {
				w.onTerminal(ctx, p, "stty size", subprocess.Spec{
					PTY: &subprocess.PTY{Size: protocols.WindowSize{Rows: 30, Columns: 100, Width: 800, Height: 600}},
				})
				Expect(w.ended(ctx, p)).To(BeZero())
				Expect(screen(p)).To(Equal("30 100\r\n"))
			}, bounded)

			It("is unknown if none was asked for", func(ctx SpecContext) {
				w.onTerminal(ctx, p, "stty size", subprocess.Spec{})
				Expect(w.ended(ctx, p)).To(BeZero())
				Expect(screen(p)).To(Equal("0 0\r\n"))
			}, bounded)

			It("changes, and the child hears of it by SIGWINCH", func(ctx SpecContext) {
				t := w.onTerminal(ctx, p, "trap 'stty size; exit 5' WINCH; echo ready; while :; do sleep 0.02; done", subprocess.Spec{})
				Eventually(ctx, screen).WithArguments(p).Should(Equal("ready\r\n"))
				var err error
				w.on(ctx, func() { err = t.SetWindowSize(protocols.WindowSize{Rows: 50, Columns: 132}) })
				Expect(err).NotTo(HaveOccurred())
				Expect(w.ended(ctx, p)).To(Equal(5))
				Expect(screen(p)).To(Equal("ready\r\n50 132\r\n"))
			}, bounded)

			It("can not be set once the PTY is closed, nor without one", func(ctx SpecContext) {
				t := w.onTerminal(ctx, p, "exit 0", subprocess.Spec{})
				w.ended(ctx, p)
				var after, without error
				w.on(ctx, func() { after = t.SetWindowSize(protocols.WindowSize{Rows: 1, Columns: 1}) })
				Expect(after).To(MatchError(net.ErrClosed))
				q := &recorder.Subprocess{}
				other := w.sh(ctx, q, "exit 0")
				w.on(ctx, func() { without = other.SetWindowSize(protocols.WindowSize{Rows: 1, Columns: 1}) })
				Expect(without).To(MatchError(errors.ErrUnsupported))
				w.ended(ctx, q)
			}, bounded)
		})

		Describe("what is typed", func() {
			It("interrupts the foreground with ^C", func(ctx SpecContext) {
				t := w.onTerminal(ctx, p, "exec sleep 100", subprocess.Spec{})
				w.types(ctx, t, "\x03")
				Expect(w.ended(ctx, p)).To(Equal(-int(syscall.SIGINT)))
			}, bounded)

			It("ends the input with ^D", func(ctx SpecContext) {
				t := w.onTerminal(ctx, p, "stty -echo; echo ready; exec cat", subprocess.Spec{})
				Eventually(ctx, screen).WithArguments(p).Should(Equal("ready\r\n"))
				w.types(ctx, t, "hello\n\x04")
				Expect(w.ended(ctx, p)).To(BeZero())
				Expect(screen(p)).To(Equal("ready\r\nhello\r\n"))
			}, bounded)

			It("waits for a child that does not read, and says so", func(ctx SpecContext) {
				t := w.onTerminal(ctx, p, "stty raw -echo; echo ready; exec sleep 100", subprocess.Spec{})
				Eventually(ctx, screen).WithArguments(p).Should(ContainSubstring("ready"))
				w.types(ctx, t, string(make([]byte, 1_000_000)))
				Expect(life(p)).To(Equal("made pause"))
			}, bounded)

			It("arrives whole, however much it is", func(ctx SpecContext) {
				t := w.onTerminal(ctx, p, "stty raw -echo; echo ready; exec head -c 1000000 | wc -c", subprocess.Spec{})
				Eventually(ctx, screen).WithArguments(p).Should(ContainSubstring("ready"))
				w.types(ctx, t, string(make([]byte, 1_000_000)))
				Expect(w.ended(ctx, p)).To(BeZero())
				Expect(strings.Fields(screen(p))).To(Equal([]string{"ready", "1000000"}))
				Expect(life(p)).To(Or(HavePrefix("made pause resume"), HavePrefix("made exited")), "one that keeps up makes nobody wait")
			}, bounded)

			DescribeTable("is dropped without a word if the child ends without reading it,",
				func(ctx SpecContext, paused bool) {
					t := w.onTerminal(ctx, p, "stty raw -echo; echo ready; exec sleep 100", subprocess.Spec{})
					Eventually(ctx, screen).WithArguments(p).Should(ContainSubstring("ready"))
					w.on(ctx, func() {
						if paused {
							t.PipeTransport(1).PauseReading()
						}
						_, _ = t.PipeTransport(0).Write(make([]byte, 1_000_000))
						_ = t.Kill()
					})
					if paused {
						Eventually(ctx, life).WithArguments(p).Should(ContainSubstring("exited"))
						w.on(ctx, t.PipeTransport(1).ResumeReading)
					}
					Expect(w.ended(ctx, p)).To(Equal(-int(syscall.SIGKILL)))
					Expect(life(p)).To(ContainSubstring("pipe1(nil)"))
				},
				Entry("while its output is read", false, bounded),
				Entry("and while it is not", true, bounded),
			)
		})

		Describe("what is printed", func() {
			It("is delivered to the last byte after the child's end, however slowly it is read", func(ctx SpecContext) {
				want, rests := lines(), 0
				p.OnData = func(int, []byte) {
					if rests++; rests%16 == 0 {
						t := p.Transport().PipeTransport(1)
						t.PauseReading()
						w.CallSoon(t.ResumeReading)
					}
				}
				w.onTerminal(ctx, p, "stty raw; exec seq 1 180000", subprocess.Spec{})
				Expect(w.ended(ctx, p)).To(BeZero())
				Expect(screen(p) == string(want)).To(BeTrue(), "%d bytes of %d", len(screen(p)), len(want))
				Expect(rests).To(BeNumerically(">", 16))
			}, bounded)

			It("waits, and so does the end, for a protocol that has paused", func(ctx SpecContext) {
				p.OnMade = func(t protocols.SubprocessTransport) { t.PipeTransport(1).PauseReading() }
				t := w.onTerminal(ctx, p, "stty raw; seq 1 800; exit 9", subprocess.Spec{})
				Expect(t.Wait(ctx)).To(Equal(9))
				Eventually(ctx, life).WithArguments(p).Should(Equal("made exited"))
				Consistently(screen, tick).WithArguments(p).Should(BeEmpty())
				w.on(ctx, t.PipeTransport(1).ResumeReading)
				Expect(w.ended(ctx, p)).To(Equal(9))
				Expect(screen(p)).To(Equal(string(lines()[:9*2+90*3+701*4])))
			}, bounded)
		})

		// The kernel goes on reporting the hang-up, and it can not be masked.
		It("leaves the loop alone when it has ended and nobody reads, whatever was typed", func(ctx SpecContext) {
			w, sel := newObservedWorld(kind)
			w.background()
			t := w.onTerminal(ctx, p, "stty raw -echo; echo ready; exec sleep 100", subprocess.Spec{})
			Eventually(ctx, screen).WithArguments(p).Should(ContainSubstring("ready"))
			w.on(ctx, func() {
				t.PipeTransport(1).PauseReading()
				_, _ = t.PipeTransport(0).Write(make([]byte, 1_000_000))
				_ = t.Kill()
			})
			Eventually(ctx, life).WithArguments(p).Should(ContainSubstring("exited"))
			waits := func() (n int) {
				w.on(ctx, func() { n = len(sel.waits) })
				return n
			}
			before := waits()
			Consistently(life, tick).WithArguments(p).ShouldNot(ContainSubstring("pipe1"))
			Expect(waits() - before).To(BeNumerically("<", 10))
			w.on(ctx, t.PipeTransport(1).ResumeReading)
			Expect(w.ended(ctx, p)).To(Equal(-int(syscall.SIGKILL)))
			Expect(life(p)).To(ContainSubstring("pipe1(nil)"))
		}, bounded)

		It("ends at once when a grandchild holds the terminal, which ends later", func(ctx SpecContext) {
			t := w.onTerminal(ctx, p, "trap '' HUP; sleep 100 & echo $!; exit 3", subprocess.Spec{})
			Expect(t.Wait(ctx)).To(Equal(3))
			Eventually(ctx, life).WithArguments(p).Should(Equal("made exited"))
			Eventually(ctx, screen).WithArguments(p).Should(HaveSuffix("\n"))
			Consistently(life, tick).WithArguments(p).Should(Equal("made exited"))
			grandchild, err := strconv.Atoi(strings.TrimSpace(screen(p)))
			Expect(err).NotTo(HaveOccurred())
			Expect(unix.Kill(grandchild, unix.SIGKILL)).To(Succeed())
			Expect(w.ended(ctx, p)).To(Equal(3))
			Expect(life(p)).To(Equal("made exited pipe1(nil) lost(nil)"))
		}, bounded)

		It("lives on when it closes the terminal, whose pipe is lost, and is not hung up for that", func(ctx SpecContext) {
			sign := filepath.Join(GinkgoT().TempDir(), "go on")
			w.onTerminal(ctx, p, `exec 0<&- 1>&- 2>&-; while [ ! -e "$SIGN" ]; do sleep 0.02; done; exit 4`,
				subprocess.Spec{Env: append(os.Environ(), "SIGN="+sign)})
			Eventually(ctx, life).WithArguments(p).Should(Equal("made pipe1(nil)"))
			Consistently(life, tick).WithArguments(p).Should(Equal("made pipe1(nil)"))
			Expect(os.WriteFile(sign, nil, 0o600)).To(Succeed())
			Expect(w.ended(ctx, p)).To(Equal(4))
			Expect(life(p)).To(Equal("made pipe1(nil) exited lost(nil)"))
		}, bounded)

		It("is killed by Close when it has closed the terminal", func(ctx SpecContext) {
			t := w.onTerminal(ctx, p, "exec sleep 100 0<&- 1>&- 2>&-", subprocess.Spec{})
			Eventually(ctx, life).WithArguments(p).Should(Equal("made pipe1(nil)"))
			w.on(ctx, func() { _ = t.Close() })
			Expect(w.ended(ctx, p)).To(Equal(-int(syscall.SIGKILL)))
		}, bounded)

		It("leaves nothing behind when it has closed the terminal and the loop closes", func(ctx SpecContext) {
			w, q := newRealWorld(kind), &recorder.Subprocess{}
			halt := w.background()
			_, err := w.SubprocessShell(makes(q), "exec sleep 100 0<&- 1>&- 2>&-", subprocess.Spec{PTY: &subprocess.PTY{}}).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			Eventually(ctx, life).WithArguments(q).Should(Equal("made pipe1(nil)"))
			halt()
			Expect(w.Close()).To(Succeed())
			Expect(life(q)).To(Equal("made pipe1(nil)"))
		}, bounded)

		It("is hung up by closing its terminal", func(ctx SpecContext) {
			t := w.onTerminal(ctx, p, "exec sleep 100", subprocess.Spec{})
			w.on(ctx, func() { _ = t.PipeTransport(1).Close() })
			Expect(w.ended(ctx, p)).To(Equal(-int(syscall.SIGHUP)))
			Expect(life(p)).To(ContainSubstring("pipe1(nil)"))
		}, bounded)

		It("keeps a closed terminal until what was typed is taken, or nobody is there to take it", func(ctx SpecContext) {
			t := w.onTerminal(ctx, p, "stty raw -echo; echo ready; exec sleep 100", subprocess.Spec{})
			Eventually(ctx, screen).WithArguments(p).Should(ContainSubstring("ready"))
			w.on(ctx, func() {
				_, _ = t.PipeTransport(0).Write(make([]byte, 1_000_000))
				_ = t.PipeTransport(0).Close()
			})
			Consistently(life, tick).WithArguments(p).Should(Equal("made pause"))
			w.on(ctx, func() { _ = t.Kill() })
			Expect(w.ended(ctx, p)).To(Equal(-int(syscall.SIGKILL)))
			Expect(life(p)).To(ContainSubstring("pipe1(nil)"))
		}, bounded)

		It("is hung up when it leaves a terminal that was closed here before", func(ctx SpecContext) {
			sign := filepath.Join(GinkgoT().TempDir(), "go on")
			t := w.onTerminal(ctx, p, `stty raw -echo; echo ready; while [ ! -e "$SIGN" ]; do sleep 0.02; done; exec sleep 100 0<&- 1>&- 2>&-`,
				subprocess.Spec{Env: append(os.Environ(), "SIGN="+sign)})
			Eventually(ctx, screen).WithArguments(p).Should(ContainSubstring("ready"))
			w.on(ctx, func() {
				_, _ = t.PipeTransport(0).Write(make([]byte, 1_000_000))
				_ = t.PipeTransport(0).Close()
			})
			Expect(os.WriteFile(sign, nil, 0o600)).To(Succeed())
			Expect(w.ended(ctx, p)).To(Equal(-int(syscall.SIGHUP)))
		}, bounded)

		It("is killed by Close, also if it ignores the hang-up and does not read", func(ctx SpecContext) { // L19
			t := w.onTerminal(ctx, p, "trap '' HUP; stty raw -echo; echo ready; exec sleep 100", subprocess.Spec{})
			Eventually(ctx, screen).WithArguments(p).Should(ContainSubstring("ready"))
			w.on(ctx, func() {
				_, _ = t.PipeTransport(0).Write(make([]byte, 1_000_000))
				_ = t.Close()
			})
			Expect(w.ended(ctx, p)).To(Equal(-int(syscall.SIGKILL)))
			Expect(life(p)).To(ContainSubstring("pipe1(nil)"))
		}, bounded)

		It("leaves nothing behind if it can not be started", func(ctx SpecContext) {
			_, err := w.SubprocessExec(makes(p),
				subprocess.Spec{Path: "/does/not/exist", PTY: &subprocess.PTY{}}).Await(ctx)
			Expect(err).To(MatchError(os.ErrNotExist))
			Expect(p.String()).To(BeEmpty())
		}, bounded)

		It("leaves nothing behind if starting it is cancelled", func(ctx SpecContext) { // L24
			f := w.SubprocessShell(makes(p), "sleep 100", subprocess.Spec{PTY: &subprocess.PTY{}})
			w.on(ctx, func() { f.Cancel() })
			_, err := f.Await(ctx)
			Expect(err).To(Or(BeNil(), MatchError(eventloop.ErrCancelled)))
			if err == nil { // it was faster
				w.on(ctx, p.Transport().Abort)
				w.ended(ctx, p)
			}
		}, bounded)
	})

	Describe("a Spec with a PTY", func() {
		DescribeTable("is refused before anything is opened with", func(change func(*subprocess.Spec)) {
			w, made := newRealWorld(kind), 0
			before := descriptors()
			spec := subprocess.Spec{Path: "/bin/true", PTY: &subprocess.PTY{}}
			change(&spec)
			factory := func() protocols.SubprocessProtocol { made++; return &recorder.Subprocess{} }
			Expect(failure(w.SubprocessExec(factory, spec))).To(MatchError(os.ErrInvalid))
			Expect(opened(before)).To(BeEmpty())
			Expect(made).To(BeZero())
		},
			Entry("a new process group", func(s *subprocess.Spec) { s.NewProcessGroup = true }),
			Entry("a process group", func(s *subprocess.Spec) { s.ProcessGroup = 1 }),
			Entry("a standard input", func(s *subprocess.Spec) { s.Stdin = subprocess.Pipe }),
			Entry("a standard output", func(s *subprocess.Spec) { s.Stdout = subprocess.DevNull }),
		)

		It("is refused where there are no PTYs, before anything else, with the alternative", func() {
			w, made := newRealWorld(kind), 0
			eventloop.Pretend(w.Loop, platform.Target{OS: "windows", Loop: "iocp"})
			factory := func() protocols.SubprocessProtocol { made++; return &recorder.Subprocess{} }
			for _, f := range []*eventloop.Future[eventloop.SubprocessConnection]{
				w.SubprocessExec(factory, subprocess.Spec{PTY: &subprocess.PTY{}, ProcessGroup: -1}), // the rest is wrong too
				w.SubprocessShell(nil, "", subprocess.Spec{PTY: &subprocess.PTY{}}),
			} {
				err := failure(f)
				var refusal *platform.UnsupportedError
				Expect(errors.As(err, &refusal)).To(BeTrue(), "%v", err)
				Expect(refusal.Op).To(Equal("SubprocessPTY"))
				Expect(err).To(MatchError(ContainSubstring("ConPTY")))
				Expect(err).To(MatchError(errors.ErrUnsupported))
			}
			Expect(made).To(BeZero())
		})
	})
}
