//go:build unix

package main_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/creack/pty"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"
	"github.com/onsi/gomega/gexec"

	"github.com/tidemill-go/tidemill/eventloop/selector"
)

// everyByte is a file with each of the 256.
func everyByte() (path string, contents []byte) {
	GinkgoHelper()
	for i := range 256 {
		contents = append(contents, byte(i))
	}
	path = filepath.Join(GinkgoT().TempDir(), "every byte")
	Expect(os.WriteFile(path, contents, 0o600)).To(Succeed())
	return path, contents
}

// seq is what seq(1) prints.
func seq(n int) string {
	var b strings.Builder
	for i := 1; i <= n; i++ {
		b.WriteString(strconv.Itoa(i))
		b.WriteByte('\n')
	}
	return b.String()
}

// wordy is a script that prints 2000 lines of 4 KiB and notes how far it is.
type wordy struct{ script, progress string }

func newWordy() wordy {
	GinkgoHelper()
	progress := filepath.Join(GinkgoT().TempDir(), "progress")
	return wordy{progress: progress, script: fmt.Sprintf("PS1=; stty -echo -opost; echo begin; i=0; "+
		"while [ $i -lt 2000 ]; do printf '%%04095d\\n' $i; echo $i >'%s'; i=$((i+1)); done; exit 0\n", progress)}
}

func (w wordy) written() int {
	b, _ := os.ReadFile(w.progress)
	n, _ := strconv.Atoi(strings.TrimSpace(string(b)))
	return n
}

// rests waits until the script does not get on, which must be soon.
func (w wordy) rests() {
	GinkgoHelper()
	Eventually(w.written, patience).Should(BeNumerically(">", 10))
	Eventually(func(g Gomega) { g.Consistently(w.written, tick).Should(Equal(w.written())) }, patience).Should(Succeed())
	Expect(w.written()).To(BeNumerically("<", 1000))
}

// complete says what is missing of the script's output.
func (w wordy) complete(seen string) error {
	_, got, _ := strings.Cut(seen, "begin\n")
	var want strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&want, "%04095d\n", i)
	}
	if got != want.String() {
		return fmt.Errorf("%d bytes of %d, or not the right ones", len(got), want.Len())
	}
	return nil
}

var _ = Describe("shell -listen", func() {
	for _, m := range selector.Mechanisms() {
		Context("on "+m.Name, func() {
			It("is a shell for socat at a terminal, which sees how it ends", func() {
				path, _ := serve("-selector", m.Name)
				socat, err := exec.LookPath("socat")
				Expect(err).NotTo(HaveOccurred())
				d := sit(exec.Command(socat, "-,raw,echo=0", "unix:"+path), pty.Winsize{Rows: 24, Cols: 80})
				Eventually(d.screen, patience).Should(gbytes.Say(`[$#] $`))
				d.types("tty\r")
				Eventually(d.screen, patience).Should(gbytes.Say(`\r\n/dev/pts/\d+\r\n.*[$#] $`))
				// It is at the terminal once it says so; before, the shell itself is.
				d.types("sh -c 'echo run\"\"ning; exec sleep 100'\r")
				Eventually(d.screen, patience).Should(gbytes.Say(`\r\nrunning\r\n`))
				d.types("\x03")
				Eventually(d.screen, patience).Should(gbytes.Say(`[$#] $`))
				d.types("exit 7\r")
				Eventually(d.screen, patience).Should(gbytes.Say(`\r\nexit status 7\r\n`))
				Eventually(d, patience).Should(gexec.Exit(0))
			})

			It("sends every byte as it is, to the last one before the end", func() {
				path, _ := serve("-selector", m.Name)
				file, contents := everyByte()
				r := connect(path)
				r.shell()
				r.types(fmt.Sprintf("cat '%s'; seq 1 100000; exit 3\n", file))
				Expect(r.all()).To(Equal(string(contents) + seq(100000) + "exit status 3\r\n"))
			})

			It("rests a shell whose output nobody reads, and loses none of it", func() {
				path, _ := serve("-selector", m.Name)
				w := newWordy()
				r := dial(path)
				r.types(w.script)
				w.rests()
				r.read()
				Expect(w.complete(r.all()[:len(r.seen.Contents())-len("exit status 0\r\n")])).To(Succeed())
				Expect(r.seen.Contents()).To(HaveSuffix("exit status 0\r\n"))
			})

			It("rests a client whose input nobody reads, and loses none of it", func() {
				path, _ := serve("-selector", m.Name)
				r := connect(path)
				r.shell()
				r.types("stty raw; echo ready; read go </dev/null; sleep 1; head -c 4000000 | tr -d x | wc -c; exit 0\n")
				Eventually(r.seen, patience).Should(gbytes.Say("ready"))
				Expect(r.SetWriteDeadline(time.Now().Add(tick))).To(Succeed())
				n, err := r.Write(bytes.Repeat([]byte("x"), 4_000_000))
				Expect(err).To(MatchError(os.ErrDeadlineExceeded))
				Expect(n).To(BeNumerically("<", 2_000_000))
				Expect(r.SetWriteDeadline(time.Time{})).To(Succeed())
				r.types(strings.Repeat("x", 4_000_000-n))
				Expect(r.all()).To(MatchRegexp(`\n0\s+exit status 0`))
			})

			It("hangs the shell and what it runs up when the client goes", func() {
				path, _ := serve("-selector", m.Name)
				r := connect(path)
				pid := r.shell()
				r.types("sh -c 'echo job=$$.; exec sleep 100'\n")
				job := number(r.seen, `job=(\d+)\.\n`)
				Expect(r.Close()).To(Succeed())
				Eventually(alive, patience).WithArguments(pid).Should(BeFalse())
				Eventually(runs, patience).WithArguments(job).Should(BeFalse())
			})
		})
	}

	It("lets only its owner in", func() {
		path, _ := serve()
		info, err := os.Lstat(path)
		Expect(err).NotTo(HaveOccurred())
		Expect(info.Mode() & os.ModePerm).To(Equal(os.FileMode(0o600)))
	})

	It("serves several at a time, each with a shell of its own", func() {
		path, _ := serve()
		a, b := connect(path), connect(path)
		Expect(a.shell()).NotTo(Equal(b.shell()))
		a.types("exit 1\n")
		Expect(a.all()).To(Equal("exit status 1\r\n"))
		b.types("echo still here\n")
		Eventually(b.seen, patience).Should(gbytes.Say("still here"))
	})

	It("names the signal that ended the shell", func() {
		path, _ := serve()
		r := connect(path)
		r.shell()
		r.types("printf unfinished; kill -KILL $$\n")
		Expect(r.all()).To(Equal("unfinished\r\nsignal: killed\r\n"))
	})

	It("kills a shell that ignores the hang-up", func() {
		path, _ := serve()
		r := connect(path)
		pid := r.shell()
		r.types("trap '' HUP; echo deaf; exec sleep 100\n")
		Eventually(r.seen, patience).Should(gbytes.Say("deaf"))
		Expect(r.Close()).To(Succeed())
		Eventually(alive, patience).WithArguments(pid).Should(BeFalse())
	})

	It("kills a shell that has closed its terminal and goes on", func() {
		path, _ := serve()
		r := connect(path)
		r.shell()
		r.types("trap '' HUP; exec sleep 100 0<&- 1>&- 2>&-\n")
		Expect(r.all()).To(Equal("signal: killed\r\n"))
	})

	It("hangs up at the end of the client's input, even if output still waits for it", func() {
		path, _ := serve()
		note := filepath.Join(GinkgoT().TempDir(), "pid")
		w := newWordy()
		r := dial(path)
		r.types(fmt.Sprintf("echo $$ >'%s'\n", note) + w.script)
		w.rests()
		var pid int
		Eventually(func() (err error) {
			b, _ := os.ReadFile(note)
			pid, err = strconv.Atoi(strings.TrimSpace(string(b)))
			return err
		}, patience).Should(Succeed())
		Expect(r.Conn.(*net.UnixConn).CloseWrite()).To(Succeed())
		Eventually(alive, patience).WithArguments(pid).Should(BeFalse())
	})

	It("does not wait for what holds the terminal after the shell, nor listen to it for ever", func() {
		for _, job := range []string{"sleep 100", "yes"} {
			path, _ := serve()
			r := connect(path)
			r.shell()
			r.types("trap '' HUP; " + job + " & echo job=$!.; exit 5\n")
			n := number(r.seen, `job=(\d+)\.\n`)
			Expect(r.all()).To(HaveSuffix("exit status 5\r\n"))
			_ = syscall.Kill(n, syscall.SIGKILL)
			Eventually(runs, patience).WithArguments(n).Should(BeFalse())
		}
	})

	It("tells the client why there is no shell", func() {
		path, _ := serve("-shell", "/does/not/exist")
		Expect(connect(path).all()).To(ContainSubstring("no such file or directory"))
		other, _ := serve("-shell", filepath.Dir(path))
		r := connect(other)
		Expect(r.all()).To(ContainSubstring("permission denied"))
	})

	DescribeTable("ends its sessions, and leaves no file behind, at", func(signal os.Signal) {
		path, server := serve()
		r, silent := connect(path), dial(path)
		pid := r.shell()
		w := newWordy()
		silent.types(w.script)
		w.rests()
		server.Signal(signal)
		Eventually(server, patience).Should(gexec.Exit(0))
		Expect(alive(pid)).To(BeFalse())
		r.all()
	},
		Entry("SIGINT", syscall.SIGINT), Entry("SIGTERM", syscall.SIGTERM),
	)

	It("forgets a client that comes and goes before there is a shell", func() {
		path, _ := serve()
		for range 20 {
			Expect(dial(path).Close()).To(Succeed())
		}
		connect(path).shell()
	})

	DescribeTable("refuses", func(message string, args ...string) {
		session := start(args...)
		Eventually(session, patience).Should(gexec.Exit(1))
		Expect(session.Err).To(gbytes.Say(message))
	},
		Entry("to serve nothing", "one of -listen and -connect"),
		Entry("to be both", "one of -listen and -connect", "-listen", "a", "-connect", "b"),
		Entry("an argument", "one of -listen and -connect", "-listen", "a", "b"),
		Entry("a name without an owner", "abstract name", "-listen", "@shell"),
		Entry("a path that is taken", "address already in use", "-listen", os.TempDir()),
		Entry("a selector that nobody knows", "abacus", "-selector", "abacus", "-listen", "a"),
	)
})

var _ = Describe("shell -connect", func() {
	// work types a script at the client, whose input is a pipe.
	work := func(path, script string, args ...string) *gexec.Session {
		GinkgoHelper()
		cmd := exec.Command(program, append([]string{"-connect", path}, args...)...)
		in, err := cmd.StdinPipe()
		Expect(err).NotTo(HaveOccurred())
		session := run(cmd)
		_, err = io.WriteString(in, script)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func() { _ = in.Close() })
		return session
	}

	for _, m := range selector.Mechanisms() {
		Context("on "+m.Name, func() {
			It("ends as the shell did, and has shown everything", func() {
				path, _ := serve("-selector", m.Name)
				session := work(path, "PS1=; stty -echo -opost; echo begin; seq 1 100000; exit 7\n", "-selector", m.Name)
				Eventually(session, patience).Should(gexec.Exit(7))
				_, got, _ := strings.Cut(string(session.Out.Contents()), "begin\n")
				Expect(got).To(Equal(seq(100000)))
			})

			It("carries every byte both ways", func() {
				path, _ := serve("-selector", m.Name)
				file, contents := everyByte()
				copied := file + " copied"
				cmd := exec.Command(program, "-connect", path, "-selector", m.Name)
				in, err := cmd.StdinPipe()
				Expect(err).NotTo(HaveOccurred())
				DeferCleanup(func() { _ = in.Close() })
				session := run(cmd)
				_, err = fmt.Fprintf(in, "PS1=; stty raw -echo; echo begin; head -c 256 >'%s'; cat '%s'; exit 0\n", copied, copied)
				Expect(err).NotTo(HaveOccurred())
				Eventually(session.Out, patience).Should(gbytes.Say("begin\n"))
				_, err = in.Write(contents)
				Expect(err).NotTo(HaveOccurred())
				Eventually(session, patience).Should(gexec.Exit(0))
				Expect(os.ReadFile(copied)).To(Equal(contents))
				Expect(bytes.HasSuffix(session.Out.Contents(), contents)).To(BeTrue(), "%q", session.Out.Contents())
			})
		})
	}

	It("rests the shell while nobody reads what it shows, and loses none of it", func() {
		path, _ := serve()
		w := newWordy()
		cmd := exec.Command(program, "-connect", path)
		cmd.Stdin = strings.NewReader(w.script)
		out, err := cmd.StdoutPipe()
		Expect(err).NotTo(HaveOccurred())
		Expect(cmd.Start()).To(Succeed())
		DeferCleanup(func() { _ = cmd.Process.Kill() })
		w.rests()
		shown, err := io.ReadAll(out)
		Expect(err).NotTo(HaveOccurred())
		Expect(cmd.Wait()).To(Succeed())
		Expect(w.complete(string(shown))).To(Succeed())
	})

	It("ends with 128 and the number of the signal that ended the shell, and names it", func() {
		path, _ := serve()
		session := work(path, "kill -KILL $$\n")
		Eventually(session, patience).Should(gexec.Exit(128 + int(syscall.SIGKILL)))
		Expect(session.Err).To(gbytes.Say("signal: killed"))
	})

	It("types the end of an input that is a file's or a pipe's", func() {
		path, _ := serve()
		cmd := exec.Command(program, "-connect", path)
		cmd.Stdin = strings.NewReader("echo on the way\n")
		session := run(cmd)
		Eventually(session, patience).Should(gexec.Exit(0))
		Expect(session.Out).To(gbytes.Say("\n.*on the way\r\n"))
	})

	It("says that there is no server", func() {
		session := work(filepath.Join(GinkgoT().TempDir(), "s"), "")
		Eventually(session, patience).Should(gexec.Exit(255))
		Expect(session.Err).To(gbytes.Say("no such file or directory"))
	})

	It("says that the server has gone", func() {
		path := filepath.Join(GinkgoT().TempDir(), "s")
		server := start("-listen", path)
		Eventually(server.Err, patience).Should(gbytes.Say("listening on "))
		session := work(path, "echo here\n")
		Eventually(session.Out, patience).Should(gbytes.Say("\n.*here\r\n"))
		server.Kill()
		Eventually(session, patience).Should(gexec.Exit(255))
		Expect(session.Err).To(gbytes.Say("shell: "))
	})

	// atDesk runs a script with the client at a terminal; it says how the client
	// ended and whether the terminal is as it was.
	atDesk := func(path string) *desk {
		GinkgoHelper()
		script := `before=$(stty -g); "$0" -connect "$1"; status=$?; [ "$before" = "$(stty -g)" ] && echo "[as it was, $status]"`
		return sit(exec.Command("/bin/sh", "-c", script, program, path), pty.Winsize{Rows: 30, Cols: 90})
	}

	It("passes the size of its window on, at once and when it changes, and restores the terminal", func() {
		path, _ := serve()
		d := atDesk(path)
		Eventually(d.screen, patience).Should(gbytes.Say(`[$#] $`))
		d.types("stty size\r")
		Eventually(d.screen, patience).Should(gbytes.Say(`\r\n30 90\r\n`))
		Expect(pty.Setsize(d.keyboard, &pty.Winsize{Rows: 50, Cols: 200})).To(Succeed())
		Eventually(func() []byte {
			d.types("stty size\r")
			return d.screen.Contents()
		}, patience, tick).Should(ContainSubstring("\r\n50 200\r\n"))
		d.types("exit 7\r")
		Eventually(d.screen, patience).Should(gbytes.Say(`\[as it was, 7\]`))
	})

	It("starts the shell in a window of the right size", func() {
		script := filepath.Join(GinkgoT().TempDir(), "sizes")
		Expect(os.WriteFile(script, []byte("#!/bin/sh\nstty size\n"), 0o700)).To(Succeed())
		path, _ := serve("-shell", script)
		d := atDesk(path)
		Eventually(d.screen, patience).Should(gbytes.Say(`30 90\r\n`))
		Eventually(d.screen, patience).Should(gbytes.Say(`\[as it was, 0\]`))
	})

	It("restores the terminal when it is ended by a signal", func() {
		path, _ := serve()
		d := atDesk(path)
		Eventually(d.screen, patience).Should(gbytes.Say(`[$#] $`))
		out, err := exec.Command("pgrep", "-P", strconv.Itoa(d.Command.Process.Pid)).Output()
		Expect(err).NotTo(HaveOccurred())
		client, err := strconv.Atoi(strings.TrimSpace(string(out)))
		Expect(err).NotTo(HaveOccurred())
		Expect(syscall.Kill(client, syscall.SIGTERM)).To(Succeed())
		Eventually(d.screen, patience).Should(gbytes.Say(`\[as it was, 255\]`))
	})

	It("leaves ^C to the shell", func() {
		path, _ := serve()
		d := atDesk(path)
		Eventually(d.screen, patience).Should(gbytes.Say(`[$#] $`))
		// Who says so has the terminal already: before, ^C would be the shell's own.
		d.types("trap 'exit 3' INT; sh -c \"echo rea''dy; exec sleep 100\"\r")
		Eventually(d.screen, patience).Should(gbytes.Say(`ready`))
		d.types("\x03")
		Eventually(d.screen, patience).Should(gbytes.Say(`\[as it was, 3\]`))
	})
})
