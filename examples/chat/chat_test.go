package main_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"regexp"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"
	"github.com/onsi/gomega/gexec"
)

const patience = time.Minute

// start runs the program and returns it with its addresses, by kind. It ends with
// the spec.
func start(args ...string) (session *gexec.Session, addresses map[string]string) {
	GinkgoHelper()
	session, err := gexec.Start(program(args...), GinkgoWriter, GinkgoWriter)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { end(session) })
	addresses = make(map[string]string)
	lines := regexp.MustCompile(`listening (\w+) (\S+)\n`)
	want := strings.Count(strings.Join(args, " "), "127.0.0.1:0")
	Eventually(func() int {
		for _, found := range lines.FindAllStringSubmatch(string(session.Out.Contents()), -1) {
			addresses[found[1]] = found[2]
		}
		return len(addresses)
	}, patience).Should(Equal(want))
	return session, addresses
}

// printed is the certificate that the program has made and printed.
func printed(session *gexec.Session) []byte {
	GinkgoHelper()
	found := regexp.MustCompile(`(?s)-----BEGIN CERTIFICATE.*END CERTIFICATE-----\r?\n`).Find(session.Out.Contents())
	Expect(found).NotTo(BeEmpty())
	return found
}

// missing is a pattern of what this system says of a file that is not there.
func missing() string {
	_, err := os.Open("none")
	return regexp.QuoteMeta(errors.Unwrap(err).Error())
}

// talker is a client of package net.
type talker struct {
	*net.TCPConn
	lines *bufio.Reader
}

// talk connects and hears the welcome.
func talk(address string) *talker {
	GinkgoHelper()
	c, err := net.Dial("tcp", address)
	Expect(err).NotTo(HaveOccurred())
	Expect(c.SetDeadline(time.Now().Add(patience))).To(Succeed())
	DeferCleanup(func() { _ = c.Close() })
	t := &talker{c.(*net.TCPConn), bufio.NewReader(c)}
	Expect(t.hears()).To(HavePrefix("* welcome, guest"))
	return t
}

func (t *talker) says(lines ...string) {
	GinkgoHelper()
	_, err := io.WriteString(t, strings.Join(lines, "\n")+"\n")
	Expect(err).NotTo(HaveOccurred())
}

// hears returns the next line.
func (t *talker) hears() string {
	GinkgoHelper()
	line, err := t.lines.ReadString('\n')
	Expect(err).NotTo(HaveOccurred())
	return strings.TrimSuffix(line, "\n")
}

var _ = Describe("chat", func() {
	Context("over plain connections", func() {
		var plain string
		BeforeEach(func() {
			_, addresses := start("-listen", "127.0.0.1:0", "-line", "100", "-behind", "65536")
			plain = addresses["plain"]
		})

		It("tells everybody else in the room what is said", func() {
			ana, bob := talk(plain), talk(plain)
			Expect(ana.hears()).To(Equal("* guest2 has come into lobby"))
			ana.says("hello, 100% of you")
			Expect(bob.hears()).To(Equal("guest1: hello, 100% of you"))
			bob.says("/me waves", "")
			Expect(ana.hears()).To(Equal("* guest2 waves"))
		})

		It("gives names, each to one member", func() {
			ana, bob := talk(plain), talk(plain)
			Expect(ana.hears()).To(HavePrefix("* guest2 has come"))
			ana.says("/nick ana")
			Expect(ana.hears()).To(Equal("* guest1 is ana now"))
			Expect(bob.hears()).To(Equal("* guest1 is ana now"))
			bob.says("/nick ana", "/nick two words", "/nick", "/nick "+strings.Repeat("x", 25))
			Expect(bob.hears()).To(Equal("* ana is somebody already"))
			for range 3 {
				Expect(bob.hears()).To(Equal("* a name is one word of at most 24 characters"))
			}
			bob.says("/who")
			Expect(bob.hears()).To(Equal("* in lobby: ana guest2"))
		})

		It("keeps rooms apart", func() {
			ana, bob := talk(plain), talk(plain)
			Expect(ana.hears()).To(HavePrefix("* guest2 has come"))
			bob.says("/join den", "/rooms", "/join den", "/join a b", "nobody hears this")
			Expect(ana.hears()).To(Equal("* guest2 has left lobby"))
			for _, want := range []string{"* you are in den with: guest2", "* rooms: den (1), lobby (1)", "* you are in den", "* a room's name is one word of at most 24 characters"} {
				Expect(bob.hears()).To(Equal(want))
			}
			ana.says("/join den")
			Expect(ana.hears()).To(Equal("* you are in den with: guest1 guest2"))
			Expect(bob.hears()).To(Equal("* guest1 has come into den"))
			ana.says("/rooms")
			Expect(ana.hears()).To(Equal("* rooms: den (2)"))
		})

		It("lets members go, and tells the others how", func() {
			ana, bob, carl := talk(plain), talk(plain), talk(plain)
			Expect(ana.hears()).To(HavePrefix("* guest2 has come"))
			Expect(ana.hears()).To(HavePrefix("* guest3 has come"))
			bob.says("/quit supper time")
			Expect(bob.hears()).To(Equal("* guest3 has come into lobby"))
			Expect(bob.hears()).To(Equal("* goodbye"))
			_, err := bob.lines.ReadByte()
			Expect(err).To(MatchError(io.EOF))
			Expect(ana.hears()).To(Equal("* guest2 has left lobby (supper time)"))
			Expect(carl.SetLinger(0)).To(Succeed())
			Expect(carl.Close()).To(Succeed())
			Expect(ana.hears()).To(Equal("* guest3 has left lobby (the connection broke)"))
		})

		It("helps with what it does not know", func() {
			ana := talk(plain)
			ana.says("/dance", "/help")
			Expect(ana.hears()).To(Equal("* there is no /dance; /help tells what there is"))
			Expect(ana.hears()).To(ContainSubstring("/join ROOM"))
		})

		It("keeps escape sequences and broken characters from the others", func() {
			ana, bob := talk(plain), talk(plain)
			Expect(ana.hears()).To(HavePrefix("* guest2 has come"))
			bob.says("a\x1b[31m\x07\xffz\r")
			Expect(ana.hears()).To(Equal("guest2: a[31m?z"))
		})

		It("sends away who says too long a line", func() {
			ana, bob := talk(plain), talk(plain)
			Expect(ana.hears()).To(HavePrefix("* guest2 has come"))
			bob.says(strings.Repeat("x", 100))
			Expect(ana.hears()).To(Equal("guest2: " + strings.Repeat("x", 100)))
			bob.says(strings.Repeat("x", 101))
			Expect(bob.hears()).To(Equal("* a line has at most 100 bytes; goodbye"))
			Expect(ana.hears()).To(Equal("* guest2 has left lobby (a line was too long)"))
		})

		It("drops who does not read, and serves the others", func() {
			ana, bob, sleeper := talk(plain), talk(plain), talk(plain)
			Expect(sleeper.SetReadBuffer(4096)).To(Succeed())
			Expect(ana.hears()).To(HavePrefix("* guest2 has come"))
			Expect(ana.hears()).To(HavePrefix("* guest3 has come"))
			Expect(bob.hears()).To(HavePrefix("* guest3 has come"))
			stop := make(chan struct{})
			over := make(chan error, 1)
			go func() {
				var err error
				for all := []byte(strings.Repeat(strings.Repeat("x", 99)+"\n", 100)); err == nil; {
					select {
					case <-stop:
						over <- nil
						return
					default:
						_, err = ana.Write(all)
					}
				}
				over <- err
			}()
			for bob.hears() != "* guest3 has left lobby (too slow)" {
			}
			close(stop)
			go func() { _, _ = io.Copy(io.Discard, bob) }() // so that nobody waits for bob
			Eventually(over, patience).Should(Receive(BeNil()))
		})

	})

	It("serves TLS beside plain connections, by a certificate of its own making", func() {
		session, addresses := start("-tls", "127.0.0.1:0", "-listen", "127.0.0.1:0")
		ana := talk(addresses["plain"])
		pool := x509.NewCertPool()
		Expect(pool.AppendCertsFromPEM(printed(session))).To(BeTrue())
		c, err := tls.Dial("tcp", addresses["tls"], &tls.Config{RootCAs: pool, ServerName: "localhost"})
		Expect(err).NotTo(HaveOccurred())
		defer c.Close()
		Expect(ana.hears()).To(Equal("* guest2 has come into lobby"))
		Expect(io.WriteString(c, "hello in secret\n")).To(Equal(16))
		Expect(ana.hears()).To(Equal("guest2: hello in secret"))
	})

	DescribeTable("refuses a command line that makes no sense",
		func(words string, args ...string) {
			session, err := gexec.Start(program(args...), GinkgoWriter, GinkgoWriter)
			Expect(err).NotTo(HaveOccurred())
			Eventually(session, patience).Should(gexec.Exit(1))
			Expect(session.Err).To(gbytes.Say(words))
		},
		Entry("with an argument", "unexpected argument", "x"),
		Entry("with a limit of nothing", "above zero", "-line", "0"),
		Entry("with a certificate and no key", "go together", "-tls", "127.0.0.1:0", "-cert", "x"),
		Entry("with a certificate and no TLS", "for -tls", "-cert", "x", "-key", "y"),
		Entry("with a certificate that is none", missing(), "-tls", "127.0.0.1:0", "-cert", "none", "-key", "none"),
		Entry("with an address that is none", "listen", "-listen", "nowhere"),
	)
})
