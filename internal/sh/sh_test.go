package sh_test

import (
	"bufio"
	"io"
	"os"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/internal/sh"
)

var _ = Describe("Shell", func() {
	var (
		shell             *sh.Shell
		in, out, messages *os.File // the other ends
	)

	BeforeEach(func() {
		pipe := func() (r, w *os.File) {
			r, w, err := os.Pipe()
			Expect(err).NotTo(HaveOccurred())
			DeferCleanup(func() { r.Close(); w.Close() })
			return r, w
		}
		shell = &sh.Shell{}
		shell.Stdin, in = pipe()
		out, shell.Stdout = pipe()
		messages, shell.Stderr = pipe()
	})

	all := func(r, w *os.File) string {
		GinkgoHelper()
		_ = w.Close() // the script may have done it
		data, err := io.ReadAll(r)
		Expect(err).NotTo(HaveOccurred())
		return string(data)
	}

	It("reads lines, says things on both outputs and exits", func() {
		Expect(in.WriteString("one\ntwo\n")).To(Equal(8))
		Expect(shell.Run("read a; echo out; read b; echo more words >&2; exit 7; echo never")).To(Equal(7))
		Expect(all(out, shell.Stdout)).To(Equal("out\n"))
		Expect(all(messages, shell.Stderr)).To(Equal("more words\n"))
	})

	It("copies what read has left, and what goes nowhere", func() {
		Expect(in.WriteString("one\ntwo\n")).To(Equal(8))
		Expect(in.Close()).To(Succeed())
		Expect(shell.Run("read a; echo b >/dev/null; exec cat")).To(BeZero())
		Expect(all(out, shell.Stdout)).To(Equal("two\n"))
	})

	It("goes on at the end of its input, and succeeds with the last command", func() {
		Expect(in.Close()).To(Succeed())
		Expect(shell.Run("read a")).To(Equal(1))
		Expect(shell.Run("read a; echo b")).To(BeZero())
		Expect(all(out, shell.Stdout)).To(Equal("b\n"))
	})

	It("closes what exec says", func() {
		Expect(shell.Run("exec >&- 2>&-; exec <&-")).To(BeZero())
		Expect(io.ReadAll(out)).To(BeEmpty())
		Expect(io.ReadAll(messages)).To(BeEmpty())
		_, err := in.Write([]byte("x"))
		Expect(err).To(HaveOccurred())
	})

	It("sleeps, also in place of itself", func() {
		began := time.Now()
		Expect(shell.Run("sleep 0.02; exec sleep 0.02")).To(BeZero())
		Expect(time.Since(began)).To(BeNumerically(">=", 35*time.Millisecond))
	})

	It("knows its environment, and its name", func() {
		GinkgoT().Setenv("TIDEMILL_SPEC_WORD", "hello")
		Expect(shell.Run("echo $TIDEMILL_SPEC_WORD, $0")).To(BeZero())
		Expect(all(out, shell.Stdout)).To(Equal("hello, " + os.Args[0] + "\n"))
	})

	It("has the commands and inputs that it is given", func() {
		opened := 0
		shell.Inputs = map[string]func() io.Reader{
			"<&3": func() io.Reader { opened++; return strings.NewReader("one\ntwo\n") },
		}
		shell.Commands = map[string]sh.Command{
			"tell": func(args []string, in *bufio.Reader, out io.Writer) (status int) {
				line, err := in.ReadString('\n')
				_, _ = io.WriteString(out, args[0]+" "+line)
				return sh.Status(err)
			},
		}
		Expect(shell.Run("tell first <&3; tell second <&3")).To(BeZero())
		Expect(shell.Run("tell third <&3")).To(Equal(1))
		Expect(all(out, shell.Stdout)).To(Equal("first one\nsecond two\nthird "))
		Expect(opened).To(Equal(1))
	})

	DescribeTable("stops, and says why, at what it does not know",
		func(script, why string) {
			Expect(shell.Run(script + "; echo never")).To(Equal(sh.NotFound))
			Expect(all(messages, shell.Stderr)).To(ContainSubstring(why))
			Expect(all(out, shell.Stdout)).To(BeEmpty())
		},
		Entry("a command", "ls", "ls: executable file not found"),
		Entry("a number", "exit soon", "exit: "),
		Entry("a time", "sleep long", "sleep: "),
		Entry("a stream that is closed already", "exec <&-; exec <&-", "file already closed"),
	)
})
