package main_test

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"regexp"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"
	"github.com/onsi/gomega/gexec"

	"github.com/tidemill-go/tidemill/eventloop/looptest"
	"github.com/tidemill-go/tidemill/eventloop/proactor"
	"github.com/tidemill-go/tidemill/platform"
)

const patience = 20 * time.Second

// start runs the program; it is gone at the end of the spec.
func start(args ...string) *gexec.Session {
	GinkgoHelper()
	session, err := gexec.Start(program(args...), GinkgoWriter, GinkgoWriter)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { session.Kill().Wait(patience) })
	return session
}

// on adds the arguments that choose a kind of loop.
func on(kind string, args ...string) []string {
	if slices.ContainsFunc(proactor.Mechanisms(), func(m proactor.Mechanism) bool { return m.Name == kind }) {
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

// transports are what -check tries, the operation that stands for it in the
// platform's tables, and its line in the table that -check prints.
var transports = []struct {
	name      string
	operation platform.Operation
	line      string
}{
	{"tcp", platform.CreateServer, `tcp +127\.0\.0\.1:\d+`},
	{"tls", platform.TLS, `tls +127\.0\.0\.1:\d+`},
	{"udp", platform.CreateDatagramEndpoint, `udp +127\.0\.0\.1:\d+`},
	{"unix", platform.CreateServerUnix, `unix +/.*`},
}

// refused is the platform's refusal, if it has one.
func refused(kind string, o platform.Operation) error {
	return platform.For(platform.Target{Loop: kind}).Check(o)
}

// streams are the stream transports that a kind of loop has.
func streams(kind string) []string {
	if refused(kind, platform.CreateServerUnix) != nil {
		return []string{"tcp", "tls"}
	}
	return []string{"tcp", "tls", "unix"}
}

// missing is a pattern of what this system says of a file that is not there.
func missing() string {
	_, err := os.Open("none")
	return regexp.QuoteMeta(errors.Unwrap(err).Error())
}

var _ = Describe("echo", func() {
	for _, kind := range looptest.Kinds() {
		When("checked on "+kind, func() {
			for _, style := range styles {
				It("echoes a mebibyte through every transport that there is in the style "+style+", prints the table and exits with 0", func() {
					session := start(on(kind, "-check", "-style", style)...)
					Eventually(session, patience).Should(gexec.Exit(0))
					for _, t := range transports {
						if refusal := refused(kind, t.operation); refusal == nil {
							Expect(string(session.Out.Contents())).To(MatchRegexp(kind + ` +` + t.line + ` +1048576 +1048576 .* ok\n`))
						} else {
							Expect(string(session.Out.Contents())).To(ContainSubstring("refused: " + refusal.Error()))
						}
					}
				})
			}
		})
	}

	When("asked for JSON", func() {
		It("prints its process, its loop and its real address once it listens", func() {
			session := start("-json", "-tcp", "127.0.0.1:0", "-selector", "select")
			h := ready(session)
			Expect(h.PID).To(Equal(session.Command.Process.Pid))
			Expect(h.Loop).To(Equal("select"))
			c := dial(h.TCP)
			Expect(c.Write([]byte("hello"))).To(Equal(5))
			Expect(c.CloseWrite()).To(Succeed())
			Expect(io.ReadAll(c)).To(Equal([]byte("hello")))
		})
	})

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
		Entry("a certificate that is not there", missing(), "-tls", "127.0.0.1:0", "-cert", "cert.pem", "-key", "key.pem"),
		Entry("an argument", `unexpected argument`, "now"),
	)
})
