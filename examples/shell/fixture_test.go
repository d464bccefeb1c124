//go:build unix

package main_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/creack/pty"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"
	"github.com/onsi/gomega/gexec"
)

const (
	patience = 15 * time.Second

	// tick is how long a spec watches that nothing happens.
	tick = 300 * time.Millisecond
)

var program string

var _ = BeforeSuite(func() {
	var err error
	program, err = gexec.Build("github.com/tidemill-go/tidemill/examples/shell")
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(gexec.CleanupBuildArtifacts)
})

// start runs the program; it is gone at the end of the spec.
func start(args ...string) *gexec.Session {
	GinkgoHelper()
	return run(exec.Command(program, args...))
}

func run(cmd *exec.Cmd) *gexec.Session {
	GinkgoHelper()
	session, err := gexec.Start(cmd, GinkgoWriter, GinkgoWriter)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { session.Kill().Wait(patience) })
	return session
}

// serve runs a server and returns its path. It ends with the spec, as it should.
func serve(args ...string) (path string, server *gexec.Session) {
	GinkgoHelper()
	path = filepath.Join(GinkgoT().TempDir(), "s")
	server = start(append([]string{"-listen", path}, args...)...)
	Eventually(server.Err, patience).Should(gbytes.Say("listening on "))
	DeferCleanup(func() {
		server.Interrupt()
		Eventually(server, patience).Should(gexec.Exit(0))
		Expect(path).NotTo(BeAnExistingFile())
		Expect(server.Err.Contents()).NotTo(ContainSubstring("panic"))
	})
	return path, server
}

// raw is a client that sends and sees bytes, as socat does.
type raw struct {
	net.Conn
	seen *gbytes.Buffer // closed at the end of input
}

func connect(path string) *raw {
	GinkgoHelper()
	r := dial(path)
	r.read()
	return r
}

// dial does not read.
func dial(path string) *raw {
	GinkgoHelper()
	c, err := net.Dial("unix", path)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { _ = c.Close() })
	return &raw{Conn: c, seen: gbytes.NewBuffer()}
}

func (r *raw) read() {
	go func() {
		defer r.seen.Close()
		block := make([]byte, 64<<10)
		for {
			n, err := r.Read(block)
			_, _ = r.seen.Write(block[:n])
			if err != nil {
				return
			}
		}
	}()
}

func (r *raw) types(text string) {
	GinkgoHelper()
	_, err := r.Write([]byte(text))
	Expect(err).NotTo(HaveOccurred())
}

// all waits for the end and returns everything that was seen.
func (r *raw) all() string {
	GinkgoHelper()
	Eventually(r.seen.Closed, patience).Should(BeTrue())
	return string(r.seen.Contents())
}

// shell asks the shell for its process, and makes it silent: no prompt, no echo,
// nothing added to what is printed.
func (r *raw) shell() (pid int) {
	GinkgoHelper()
	r.types("PS1=; stty -echo -opost; echo pid=$$.\n")
	return number(r.seen, `pid=(\d+)\.\n`)
}

// number waits for a number to be seen.
func number(seen *gbytes.Buffer, pattern string) (n int) {
	GinkgoHelper()
	expression := regexp.MustCompile(pattern)
	Eventually(func() [][]byte { return expression.FindSubmatch(seen.Contents()) }, patience).Should(HaveLen(2))
	n, err := strconv.Atoi(string(expression.FindSubmatch(seen.Contents())[1]))
	Expect(err).NotTo(HaveOccurred())
	// What comes next is what the spec is about.
	_ = seen.Clear()
	return n
}

// alive reports whether there is a process of that number, be it a zombie: a
// shell is to be reaped.
func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }

// runs is alive for processes that are not the server's to reap.
func runs(pid int) bool {
	state, err := exec.Command("ps", "-o", "stat=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && !strings.HasPrefix(strings.TrimSpace(string(state)), "Z")
}

// desk is a terminal with a program that works at it.
type desk struct {
	*gexec.Session
	screen   *gbytes.Buffer
	keyboard *os.File
}

// sit starts a program at a terminal of its own.
func sit(cmd *exec.Cmd, size pty.Winsize) *desk {
	GinkgoHelper()
	master, slave, err := pty.Open()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(master.Close)
	Expect(pty.Setsize(master, &size)).To(Succeed())
	cmd.Stdin, cmd.SysProcAttr = slave, &syscall.SysProcAttr{Setsid: true, Setctty: true}
	d := &desk{screen: gbytes.NewBuffer(), keyboard: master}
	// gexec has pipes in mind for the outputs.
	outputs := exec.Command("/bin/sh", append([]string{"-c", `exec "$@" >/dev/tty 2>&1`, "sh", cmd.Path}, cmd.Args[1:]...)...)
	outputs.Stdin, outputs.SysProcAttr = cmd.Stdin, cmd.SysProcAttr
	d.Session = run(outputs)
	Expect(slave.Close()).To(Succeed())
	go func() {
		block := make([]byte, 4096)
		for {
			n, err := master.Read(block)
			_, _ = d.screen.Write(block[:n])
			if err != nil {
				return
			}
		}
	}()
	return d
}

func (d *desk) types(text string) {
	GinkgoHelper()
	_, err := d.keyboard.WriteString(text)
	Expect(err).NotTo(HaveOccurred())
}
