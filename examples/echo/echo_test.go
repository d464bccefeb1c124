package main_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"
	"github.com/onsi/gomega/gexec"

	"github.com/tidemill-go/tidemill/eventloop/looptest"
)

const patience = 20 * time.Second

// start runs the program; it is gone at the end of the spec.
func start(args ...string) *gexec.Session {
	GinkgoHelper()
	session, err := gexec.Start(exec.Command(program, args...), GinkgoWriter, GinkgoWriter)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { session.Kill().Wait(patience) })
	return session
}

// on adds the arguments that choose a kind of loop.
func on(kind string, args ...string) []string {
	if kind == "io_uring" {
		return append(args, "-loop", "proactor")
	}
	return append(args, "-selector", kind)
}

// hello is the line that -json prints.
type hello struct {
	PID  int
	Loop string
	TCP  string
	TLS  string
	UDP  string
	Unix string
}

func ready(session *gexec.Session) (h hello) {
	GinkgoHelper()
	Eventually(session, patience).Should(gbytes.Say("\n"))
	Expect(json.Unmarshal(session.Out.Contents(), &h)).To(Succeed())
	return h
}

func dial(address string) *net.TCPConn {
	GinkgoHelper()
	c, err := net.DialTimeout("tcp", address, patience)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { _ = c.Close() }) // the spec may have done it
	Expect(c.SetDeadline(time.Now().Add(patience))).To(Succeed())
	return c.(*net.TCPConn)
}

var _ = Describe("echo", func() {
	for _, kind := range looptest.Kinds() {
		When("checked on "+kind, func() {
			for _, style := range styles {
				It("echoes a mebibyte through every transport in the style "+style+", prints the table and exits with 0", func() {
					session := start(on(kind, "-check", "-style", style)...)
					Eventually(session, patience).Should(gexec.Exit(0))
					for _, transport := range []string{`tcp +127\.0\.0\.1:\d+`, `tls +127\.0\.0\.1:\d+`, `udp +127\.0\.0\.1:\d+`, `unix +/.*`} {
						Expect(string(session.Out.Contents())).To(MatchRegexp(kind + ` +` + transport + ` +1048576 +1048576 .* ok\n`))
					}
				})
			}

			It("echoes a mebibyte from stdin to stdout", func() {
				session := start(on(kind, "-check", "-stdio")...)
				Eventually(session, patience).Should(gexec.Exit(0))
				Expect(string(session.Out.Contents())).To(MatchRegexp(kind + ` +stdio .* 1048576 +1048576 .* ok\n`))
			})
		})
	}

	When("asked for JSON", func() {
		It("prints its process, its loop and its real address once it listens", func() {
			session := start("-json", "-tcp", "127.0.0.1:0", "-selector", "poll")
			h := ready(session)
			Expect(h.PID).To(Equal(session.Command.Process.Pid))
			Expect(h.Loop).To(Equal("poll"))
			c := dial(h.TCP)
			Expect(c.Write([]byte("hello"))).To(Equal(5))
			Expect(c.CloseWrite()).To(Succeed())
			Expect(io.ReadAll(c)).To(Equal([]byte("hello")))
		})
	})

	When("it is a filter of something that can not be watched", func() {
		It("says so and exits with 1", func() {
			cmd := exec.Command(program, "-stdio", "-selector", "poll")
			file, err := os.Open("echo_test.go")
			Expect(err).NotTo(HaveOccurred())
			DeferCleanup(file.Close)
			cmd.Stdin = file
			session, err := gexec.Start(cmd, GinkgoWriter, GinkgoWriter)
			Expect(err).NotTo(HaveOccurred())
			Eventually(session, patience).Should(gexec.Exit(1))
			Expect(session.Err).To(gbytes.Say("regular file"))
			Expect(session.Err).NotTo(gbytes.Say("panic"))
		})
	})

	When("several transports are named", func() {
		It("serves them all and leaves no socket behind", func() {
			session := start("-json", "-tcp", "127.0.0.1:0", "-udp", "127.0.0.1:0", "-unix", filepath.Join(GinkgoT().TempDir(), "s"))
			h := ready(session)
			Expect([]string{h.TCP, h.UDP, h.Unix}).NotTo(ContainElement(BeEmpty()))
			session.Signal(os.Interrupt)
			Eventually(session, patience).Should(gexec.Exit(0))
			Expect(h.Unix).NotTo(BeAnExistingFile())
		})
	})

	When("-unix names something that is in use", func() {
		It("refuses a folder, a file and a live server's socket, and deletes nothing", func() {
			dir := GinkgoT().TempDir()
			file := filepath.Join(dir, "precious")
			Expect(os.WriteFile(file, []byte("precious"), 0o600)).To(Succeed())
			live := filepath.Join(dir, "live")
			ready(start("-json", "-unix", live))
			for _, path := range []string{dir, file, live} {
				session := start("-unix", path)
				Eventually(session, patience).Should(gexec.Exit(1))
				Expect(session.Err).To(gbytes.Say("address already in use"))
				Expect(path).To(Or(BeAnExistingFile(), BeADirectory()))
			}
			Expect(os.ReadFile(file)).To(Equal([]byte("precious")))
			c, err := net.Dial("unix", live)
			Expect(err).NotTo(HaveOccurred())
			Expect(c.Close()).To(Succeed())
		})

		It("replaces the socket of a server that is gone", func() {
			stale := filepath.Join(GinkgoT().TempDir(), "stale")
			l, err := net.ListenUnix("unix", &net.UnixAddr{Name: stale, Net: "unix"})
			Expect(err).NotTo(HaveOccurred())
			l.SetUnlinkOnClose(false)
			Expect(l.Close()).To(Succeed())
			Expect(ready(start("-json", "-unix", stale)).Unix).To(Equal(stale))
		})
	})

	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		slowReader := func(style string, size int) {
			It("refuses new clients, lets the output out and exits with 0 in the style "+style, func() {
				session := start("-json", "-tcp", "127.0.0.1:0", "-style", style)
				h := ready(session)
				c := dial(h.TCP)
				sent := fill(c, size)
				session.Signal(os.Signal(signal))
				Eventually(func() error {
					other, err := net.Dial("tcp", h.TCP)
					if err == nil {
						other.Close()
					}
					return err
				}, patience).Should(MatchError(syscall.ECONNREFUSED))
				got, err := io.Copy(io.Discard, c)
				Expect(err).NotTo(HaveOccurred())
				Expect(got).To(BeEquivalentTo(sent))
				Eventually(session, patience).Should(gexec.Exit(0))
			})
		}
		When("it gets "+signal.String()+" with output for a slow reader", func() {
			slowReader("protocol", 16<<20) // more than the kernel's buffers hold
			slowReader("streams", 256<<10) // it does not take what it has no room for
		})
	}

	DescribeTable("refuses",
		func(message string, args ...string) {
			session := start(args...)
			Eventually(session, patience).Should(gexec.Exit(1))
			Expect(session.Err).To(gbytes.Say(message))
		},
		Entry("a loop that nobody knows", `-loop quantum: neither selector nor proactor`, "-loop", "quantum"),
		Entry("a selector of another system", `unsupported`, "-selector", "kqueue", "-check"),
		Entry("a selector that goes with no loop", `does not go with`, "-loop", "proactor", "-selector", "epoll"),
		Entry("an address that is none", `missing port`, "-tcp", "nowhere"),
		Entry("a certificate for nothing", `go with -tls`, "-tcp", "127.0.0.1:0", "-cert", "cert.pem", "-key", "key.pem"),
		Entry("a certificate without its key", `go together`, "-tls", "127.0.0.1:0", "-cert", "cert.pem"),
		Entry("a certificate that is not there", `no such file`, "-tls", "127.0.0.1:0", "-cert", "cert.pem", "-key", "key.pem"),
		Entry("an argument", `unexpected argument`, "now"),
	)
})

// fill sends what the server will answer while the client does not read, waits
// until the server has received all of it, and returns how much of the answer is
// still to come. Input that the server has not received when it closes would
// make the kernel reset the connection.
func fill(c *net.TCPConn, size int) (rest int) {
	GinkgoHelper()
	n, err := c.Write(make([]byte, size))
	Expect(err).NotTo(HaveOccurred())
	Eventually(func() string { return received(c) }, patience).Should(Equal("00000000"))
	Expect(io.ReadFull(c, make([]byte, 1))).To(Equal(1))
	return n - 1
}

// received is what the kernel holds of the server's input, in hexadecimal: the
// receive queue of the connection's other end in /proc/net/tcp.
func received(c *net.TCPConn) string {
	GinkgoHelper()
	table, err := os.ReadFile("/proc/net/tcp")
	Expect(err).NotTo(HaveOccurred())
	ends := fmt.Sprintf("0100007F:%04X 0100007F:%04X", c.RemoteAddr().(*net.TCPAddr).Port, c.LocalAddr().(*net.TCPAddr).Port)
	queues := regexp.MustCompile(ends + ` [0-9A-F]{2} [0-9A-F]{8}:([0-9A-F]{8})`).FindSubmatch(table)
	Expect(queues).NotTo(BeNil(), "no connection %s in /proc/net/tcp", ends)
	return string(queues[1])
}
