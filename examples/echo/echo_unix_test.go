//go:build unix

package main_test

import (
	"fmt"
	"io"
	"net"
	"os"
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

var _ = Describe("echo with pipes, Unix sockets and signals", func() {
	for _, kind := range looptest.Kinds() {
		When("checked with -stdio on "+kind, func() {
			It("echoes a mebibyte from stdin to stdout", func() {
				session := start(on(kind, "-check", "-stdio")...)
				Eventually(session, patience).Should(gexec.Exit(0))
				Expect(string(session.Out.Contents())).To(MatchRegexp(kind + ` +stdio .* 1048576 +1048576 .* ok\n`))
			})
		})
	}

	When("it is a filter of something that can not be watched", func() {
		It("says so and exits with 1", func() {
			cmd := program("-stdio", "-selector", "poll")
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
})

var _ = Describe("the style of echo, ended by a signal,", func() {
	It("gives idle clients the end of the connection", func() {
		for _, style := range styles {
			session := start("-json", "-tcp", "127.0.0.1:0", "-style", style)
			c := dial(ready(session).TCP)
			Expect(c.Write([]byte("x"))).To(Equal(1))
			Expect(io.ReadFull(c, make([]byte, 1))).To(Equal(1))
			session.Interrupt()
			Expect(io.ReadAll(c)).To(BeEmpty())
			Eventually(session, patience).Should(gexec.Exit(0))
			Expect(session.Err.Contents()).To(BeEmpty())
		}
	})

	It("still answers what was received and not answered yet", func() {
		for _, style := range styles {
			path := filepath.Join(GinkgoT().TempDir(), "s")
			session := start("-json", "-unix", path, "-style", style)
			ready(session)
			c, other := dialUnix(path), dialUnix(path)
			const size = 320 << 10 // more than a Unix socket and the transport hold, less than with the reader
			Expect(c.Write(make([]byte, size))).To(Equal(size))
			for range 5 { // turns of the loop, in which it receives the rest
				Expect(other.Write([]byte("x"))).To(Equal(1))
				Expect(io.ReadFull(other, make([]byte, 1))).To(Equal(1))
			}
			session.Interrupt()
			Expect(io.ReadAll(other)).To(BeEmpty()) // it is cancelled, and c as well
			Expect(io.Copy(io.Discard, c)).To(BeEquivalentTo(size))
			Eventually(session, patience).Should(gexec.Exit(0))
		}
	})
})

func dialUnix(path string) net.Conn {
	GinkgoHelper()
	c, err := net.DialTimeout("unix", path, patience)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(c.Close)
	Expect(c.SetDeadline(time.Now().Add(patience))).To(Succeed())
	return c
}

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
