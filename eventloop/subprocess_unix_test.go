//go:build unix

package eventloop_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
	"github.com/tidemill-go/tidemill/subprocess"
)

// subprocessUnixSpecs are about what a child of Unix can be given, and how its
// program is found there.
func subprocessUnixSpecs(kind string) {
	Describe("SubprocessShell", func() {
		It("runs /bin/sh", func(ctx SpecContext) {
			w, p := newNursery(kind), &recorder.Subprocess{}
			c, err := w.SubprocessShell(makes(p), `echo "$0 $GREETING" | tr a-z A-Z`, subprocess.Spec{Env: []string{"GREETING=hello", "PATH=/bin:/usr/bin"}}).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(w.ended(ctx, p)).To(BeZero())
			Expect(c.Transport.Pid()).To(BeNumerically(">", 1))
			Expect(string(p.Data(1))).To(Equal("/BIN/SH HELLO\n"))
		}, bounded)
	})

	Describe("what a child of Unix is given", func() {
		// says runs a script with spec and returns what it prints.
		says := func(ctx context.Context, script string, spec subprocess.Spec) string {
			GinkgoHelper()
			w, p := newNursery(kind), &recorder.Subprocess{}
			t := w.exec(ctx, p, shell(script, spec))
			Expect(w.ended(ctx, p)).To(BeZero(), "%s", p.Data(2))
			return strings.TrimSpace(strings.ReplaceAll(string(p.Data(1)), strconv.Itoa(t.Pid()), "PID"))
		}
		ids := "ps -o pid= -o pgid= -o sid= -p $$ 2>/dev/null || cut -d' ' -f1,5,6 /proc/$$/stat"
		words := func(s string) []string { return strings.Fields(s) }

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
