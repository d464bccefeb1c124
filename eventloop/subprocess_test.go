//go:build unix

package eventloop_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
	"github.com/tidemill-go/tidemill/subprocess"
)

// childProcesses returns the children of this process, zombies included, where
// the system has a /proc to tell.
func childProcesses() (pids []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range stats {
		if pid, _, parent := readStat(name); parent == os.Getpid() {
			pids = append(pids, pid)
		}
	}
	return pids
}

// readStat takes what is behind the name of the program, which may hold
// anything.
func readStat(name string) (pid int, state string, parent int) {
	b, err := os.ReadFile(name)
	if err != nil {
		return 0, "", 0
	}
	text := string(b)
	end := strings.LastIndexByte(text, ')')
	fields := strings.Fields(text[end+1:])
	pid, _ = strconv.Atoi(text[:strings.IndexByte(text, ' ')])
	parent, _ = strconv.Atoi(fields[1])
	return pid, fields[0], parent
}

// newNursery makes a loop that runs in the background, for a spec that may leave
// no child behind.
func newNursery(kind string) *world {
	GinkgoHelper()
	guardChildren()
	w := newRealWorld(kind)
	w.background()
	return w
}

func guardChildren() {
	DeferCleanup(func() {
		Eventually(childProcesses).WithTimeout(patient).Should(BeEmpty(), "children are left")
	})
}

// exec starts a program with the recorder p.
func (w *world) exec(ctx context.Context, p *recorder.Subprocess, spec subprocess.Spec) protocols.SubprocessTransport {
	GinkgoHelper()
	c, err := w.SubprocessExec(makes(p), spec).Await(ctx)
	Expect(err).NotTo(HaveOccurred())
	Expect(c.Protocol).To(BeIdenticalTo(p))
	DeferCleanup(func() { Expect(p.Violations()).To(BeEmpty()) })
	return c.Transport
}

// sh starts a shell script with the recorder p.
func (w *world) sh(ctx context.Context, p *recorder.Subprocess, script string) protocols.SubprocessTransport {
	GinkgoHelper()
	return w.exec(ctx, p, subprocess.Spec{Path: "/bin/sh", Args: []string{"-c", script}})
}

func makes(p protocols.SubprocessProtocol) func() protocols.SubprocessProtocol {
	return func() protocols.SubprocessProtocol { return p }
}

// ended waits for ConnectionLost and the turn behind it, and returns the return
// code.
func (w *world) ended(ctx context.Context, p *recorder.Subprocess) (code int) {
	GinkgoHelper()
	Eventually(ctx, p.Done()).Should(BeClosed())
	w.on(ctx, func() {
		var exited bool
		code, exited = p.Transport().ReturnCode()
		if !exited {
			code = -1000
		}
	})
	return code
}

// types sends text to the child's standard input.
func (w *world) types(ctx context.Context, t protocols.SubprocessTransport, text string) {
	GinkgoHelper()
	w.on(ctx, func() { _, _ = t.PipeTransport(0).Write([]byte(text)) })
}

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
			var exists error
			p.OnLost = func(error) { exists = syscall.Kill(p.Transport().Pid(), 0) }
			w.sh(ctx, p, "exit 0")
			w.ended(ctx, p)
			Expect(exists).To(Equal(syscall.ESRCH))
		}, bounded)

		It("delivers the first byte to whom the awaiting task has made the protocol", func(ctx SpecContext) { // D4
			w := newNursery(kind)
			for range 20 {
				first, second := &recorder.Subprocess{}, &recorder.Subprocess{}
				task := eventloop.CreateTask(w.Loop, func(ctx context.Context) (int, error) {
					c, err := w.SubprocessExec(makes(first), subprocess.Spec{Path: "/bin/echo", Args: []string{"x"}}).Await(ctx)
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
			r, hold := filePipe()
			t := w.exec(ctx, p, subprocess.Spec{
				Path: "/bin/sh", Args: []string{"-c", "(read x <&3; echo late) & exit 3"},
				Stdin: subprocess.DevNull, Stderr: subprocess.DevNull, ExtraFiles: []*os.File{r},
			})
			Expect(t.Wait(ctx)).To(Equal(3))
			Eventually(ctx, p.String).Should(Equal("made exited"))
			Consistently(p.Done()).WithTimeout(tick).ShouldNot(BeClosed())
			_, err := hold.WriteString("\n")
			Expect(err).NotTo(HaveOccurred())
			Expect(w.ended(ctx, p)).To(Equal(3))
			Expect(p.String()).To(Equal("made exited data1(5) pipe1(nil) lost(nil)"))
		}, bounded)

		It("runs the shell's command line", func(ctx SpecContext) {
			w, p := newNursery(kind), &recorder.Subprocess{}
			c, err := w.SubprocessShell(makes(p), `echo "$0 $GREETING" | tr a-z A-Z`, subprocess.Spec{Env: []string{"GREETING=hello", "PATH=/bin:/usr/bin"}}).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(w.ended(ctx, p)).To(BeZero())
			Expect(c.Transport.Pid()).To(BeNumerically(">", 1))
			Expect(string(p.Data(1))).To(Equal("/BIN/SH HELLO\n"))
		}, bounded)
	})

	Describe("what a child is given", func() {
		// says runs a script with spec and returns what it prints.
		says := func(ctx context.Context, script string, spec subprocess.Spec) string {
			GinkgoHelper()
			w, p := newNursery(kind), &recorder.Subprocess{}
			spec.Path, spec.Args = "/bin/sh", []string{"-c", script}
			t := w.exec(ctx, p, spec)
			Expect(w.ended(ctx, p)).To(BeZero(), "%s", p.Data(2))
			return strings.TrimSpace(strings.ReplaceAll(string(p.Data(1)), strconv.Itoa(t.Pid()), "PID"))
		}
		ids := "ps -o pid= -o pgid= -o sid= -p $$ 2>/dev/null || cut -d' ' -f1,5,6 /proc/$$/stat"
		words := func(s string) []string { return strings.Fields(s) }

		It("is its environment and nothing of the parent's", func(ctx SpecContext) { // L29
			Expect(says(ctx, "echo $ONE-$TWO-$HOME", subprocess.Spec{Env: []string{"ONE=1", "TWO=2"}})).To(Equal("1-2-"))
		}, bounded)

		It("is the parent's environment by default", func(ctx SpecContext) {
			GinkgoT().Setenv("TIDEMILL_SPEC", "inherited")
			Expect(says(ctx, "echo $TIDEMILL_SPEC", subprocess.Spec{})).To(Equal("inherited"))
		}, bounded)

		It("is its working directory", func(ctx SpecContext) { // L29
			Expect(says(ctx, "pwd -P", subprocess.Spec{Dir: "/usr"})).To(Equal("/usr"))
		}, bounded)

		It("is the name that it is called by", func(ctx SpecContext) {
			Expect(says(ctx, "tr '\\0' ' ' < /proc/$$/cmdline | cut -d' ' -f1; :", subprocess.Spec{Arg0: "other-name"})).To(Equal("other-name"))
		}, bounded)

		It("is a session of its own", func(ctx SpecContext) { // L29
			Expect(words(says(ctx, ids, subprocess.Spec{NewSession: true}))).To(Equal([]string{"PID", "PID", "PID"}))
		}, bounded)

		It("is a process group of its own in the parent's session", func(ctx SpecContext) {
			Expect(words(says(ctx, ids, subprocess.Spec{NewProcessGroup: true}))[:2]).To(Equal([]string{"PID", "PID"}))
			Expect(words(says(ctx, ids, subprocess.Spec{NewProcessGroup: true}))[2]).NotTo(Equal("PID"))
		}, bounded)

		It("is a process group that is there", func(ctx SpecContext) {
			w, leader := newNursery(kind), &recorder.Subprocess{}
			t := w.exec(ctx, leader, subprocess.Spec{Path: "cat", NewProcessGroup: true})
			member := &recorder.Subprocess{}
			m := w.exec(ctx, member, subprocess.Spec{Path: "cat", ProcessGroup: t.Pid()})
			group, err := syscall.Getpgid(m.Pid())
			Expect(err).NotTo(HaveOccurred())
			Expect(group).To(Equal(t.Pid()))
			Expect(syscall.Kill(-group, syscall.SIGTERM)).To(Succeed())
			Expect(w.ended(ctx, leader)).To(Equal(-int(syscall.SIGTERM)))
			Expect(w.ended(ctx, member)).To(Equal(-int(syscall.SIGTERM)))
		}, bounded)

		It("is the user and groups of a credential, or the refusal of a parent that may not", func(ctx SpecContext) { // L29
			spec := subprocess.Spec{
				Path: "/bin/sh", Args: []string{"-c", "id -u; id -g; id -G"},
				Credential: &subprocess.Credential{UID: 65534, GID: 65533, Groups: []uint32{65533, 65532}}, Dir: "/",
			}
			w, p := newNursery(kind), &recorder.Subprocess{}
			if os.Getuid() != 0 {
				Expect(w.SubprocessExec(makes(p), spec).Await(ctx)).Error().To(MatchError(syscall.EPERM))
				return
			}
			w.exec(ctx, p, spec)
			w.ended(ctx, p)
			Expect(string(p.Data(1))).To(Equal("65534\n65533\n65533 65532\n"))
		}, bounded)

		It("are files beyond the standard ones, and no others", func(ctx SpecContext) { // L26
			var files []*os.File
			for _, text := range []string{"third", "fourth"} {
				r, far := filePipe()
				_, err := far.WriteString(text + "\n")
				Expect(err).NotTo(HaveOccurred())
				files = append(files, r)
			}
			Expect(says(ctx, "read a <&3; read b <&4; echo $a $b; (: <&5) 2>/dev/null || echo none",
				subprocess.Spec{ExtraFiles: files})).To(Equal("third fourth\nnone"))
			Expect(files[0].Close()).To(Succeed(), "it is the caller's")
		}, bounded)

		It("are not the pipes of other children", func(ctx SpecContext) { // L26
			w, first, second := newNursery(kind), &recorder.Subprocess{}, &recorder.Subprocess{}
			one := w.exec(ctx, first, subprocess.Spec{Path: "cat"})
			two := w.exec(ctx, second, subprocess.Spec{Path: "cat"})
			w.on(ctx, func() { _ = one.PipeTransport(0).Close() })
			Expect(w.ended(ctx, first)).To(BeZero())
			Expect(second.String()).To(Equal("made"))
			w.on(ctx, func() { _ = two.PipeTransport(0).Close() })
			Expect(w.ended(ctx, second)).To(BeZero())
		}, bounded)
	})

	Describe("the search for the program", func() {
		// program is a script that prints a word, or not executable.
		program := func(dir, word string, mode os.FileMode) {
			GinkgoHelper()
			script := "#!/bin/sh\necho " + word + "\n"
			Expect(os.WriteFile(filepath.Join(dir, "tidemill-spec"), []byte(script), mode)).To(Succeed())
		}
		says := func(ctx context.Context, spec subprocess.Spec) string {
			GinkgoHelper()
			w, p := newNursery(kind), &recorder.Subprocess{}
			w.exec(ctx, p, spec)
			w.ended(ctx, p)
			return strings.TrimSpace(string(p.Data(1)))
		}
		fails := func(ctx context.Context, spec subprocess.Spec) error {
			GinkgoHelper()
			w, p := newNursery(kind), &recorder.Subprocess{}
			made := false
			_, err := w.SubprocessExec(func() protocols.SubprocessProtocol { made = true; return p }, spec).Await(ctx)
			Expect(made).To(BeTrue())
			Expect(p.String()).To(BeEmpty())
			var e *os.PathError
			Expect(err).To(BeAssignableToTypeOf(e))
			return err
		}
		var one, two string
		BeforeEach(func() { one, two = GinkgoT().TempDir(), GinkgoT().TempDir() })

		It("goes by the PATH of the child's environment", func(ctx SpecContext) {
			program(one, "one", 0o700)
			program(two, "two", 0o700)
			Expect(says(ctx, subprocess.Spec{Path: "tidemill-spec", Env: []string{"PATH=" + one + ":" + two, "PATH=" + two}})).To(Equal("one"))
			GinkgoT().Setenv("PATH", two+":/bin:/usr/bin")
			Expect(says(ctx, subprocess.Spec{Path: "tidemill-spec"})).To(Equal("two"))
		}, bounded)

		It("goes on behind a file that is not executable, and behind a directory", func(ctx SpecContext) {
			program(one, "one", 0o600)
			Expect(os.Mkdir(filepath.Join(two, "tidemill-spec"), 0o700)).To(Succeed())
			three := GinkgoT().TempDir()
			program(three, "three", 0o700)
			Expect(says(ctx, subprocess.Spec{Path: "tidemill-spec", Env: []string{"PATH=" + one + ":" + two + ":" + three}})).To(Equal("three"))
		}, bounded)

		It("does not look into relative directories", func(ctx SpecContext) {
			program(one, "one", 0o700)
			for _, path := range []string{"", ".", ":"} {
				Expect(fails(ctx, subprocess.Spec{Path: "tidemill-spec", Dir: one, Env: []string{"PATH=" + path}})).To(MatchError(syscall.ENOENT))
			}
		}, bounded)

		It("has a PATH where there is none", func(ctx SpecContext) {
			Expect(says(ctx, subprocess.Spec{Path: "echo", Args: []string{"found"}, Env: []string{}})).To(Equal("found"))
		}, bounded)

		It("takes a relative path with a slash from the child's directory", func(ctx SpecContext) {
			program(one, "one", 0o700)
			Expect(says(ctx, subprocess.Spec{Path: "./tidemill-spec", Dir: one})).To(Equal("one"))
		}, bounded)

		It("fails with the system's error, after the factory and without a callback", func(ctx SpecContext) { // L2
			program(one, "one", 0o600)
			Expect(fails(ctx, subprocess.Spec{Path: "/no/such/program"})).To(MatchError(syscall.ENOENT))
			Expect(fails(ctx, subprocess.Spec{Path: "no-such-program"})).To(MatchError(syscall.ENOENT))
			Expect(fails(ctx, subprocess.Spec{Path: filepath.Join(one, "tidemill-spec")})).To(MatchError(syscall.EACCES))
			Expect(fails(ctx, subprocess.Spec{Path: "tidemill-spec", Env: []string{"PATH=" + one}})).To(MatchError(syscall.EACCES))
			Expect(fails(ctx, subprocess.Spec{Path: one})).To(MatchError(syscall.EACCES))
			Expect(fails(ctx, subprocess.Spec{Path: "cat", Dir: "/no/such/directory"})).To(MatchError(syscall.ENOENT))
		}, bounded)
	})
}
