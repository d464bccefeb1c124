package main_test

import (
	"context"
	"net"
	"os/exec"
	"regexp"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"
	"github.com/onsi/gomega/gexec"
)

const patience = 20 * time.Second

// start runs the program and returns its port.
func start(args ...string) (port string) {
	GinkgoHelper()
	session, err := gexec.Start(exec.Command(program, append([]string{"-udp", "127.0.0.1:0"}, args...)...), GinkgoWriter, GinkgoWriter)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { session.Interrupt(); Eventually(session, patience).Should(gexec.Exit(0)) })
	Eventually(session, patience).Should(gbytes.Say(`answering on 127\.0\.0\.1:\d+\n`))
	return regexp.MustCompile(`:(\d+)`).FindStringSubmatch(string(session.Out.Contents()))[1]
}

var records = []string{"www.example=192.0.2.1", "www.example=192.0.2.2", "www.example=2001:db8::1", "v4.example=192.0.2.9"}

var _ = Describe("dns", func() {
	var port string
	BeforeEach(func() { port = start(records...) })

	Context("asked by dig", func() {
		dig := func(args ...string) []string {
			GinkgoHelper()
			path, err := exec.LookPath("dig")
			if err != nil {
				Skip("dig is not installed on this machine")
			}
			session, err := gexec.Start(exec.Command(path, append([]string{"@127.0.0.1", "-p", port, "+tries=1", "+time=10"}, args...)...), GinkgoWriter, GinkgoWriter)
			Expect(err).NotTo(HaveOccurred())
			Eventually(session, patience).Should(gexec.Exit(0))
			return strings.Split(strings.TrimSpace(string(session.Out.Contents())), "\n")
		}

		It("tells the addresses of a name, whatever its case", func() {
			Expect(dig("+short", "WWW.example", "A")).To(ConsistOf("192.0.2.1", "192.0.2.2"))
			Expect(dig("+short", "www.example", "AAAA")).To(ConsistOf("2001:db8::1"))
		})

		It("tells that a name has no address of a kind", func() {
			Expect(dig("v4.example", "AAAA")).To(ContainElement(ContainSubstring("status: NOERROR")))
			Expect(dig("+short", "v4.example", "AAAA")).To(ConsistOf(""))
		})

		It("does not know other names", func() {
			Expect(dig("nowhere.example")).To(ContainElement(ContainSubstring("status: NXDOMAIN")))
		})
	})

	It("serves Go's resolver, and drops what is no question", func() {
		c, err := net.Dial("udp", "127.0.0.1:"+port)
		Expect(err).NotTo(HaveOccurred())
		defer c.Close()
		Expect(c.Write([]byte("garbage"))).To(Equal(7))
		resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "udp", "127.0.0.1:"+port)
		}}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		Expect(resolver.LookupHost(ctx, "www.example.")).To(ConsistOf("192.0.2.1", "192.0.2.2", "2001:db8::1"))
	})

	DescribeTable("refuses a record that is none",
		func(record string) {
			session, err := gexec.Start(exec.Command(program, record), GinkgoWriter, GinkgoWriter)
			Expect(err).NotTo(HaveOccurred())
			Eventually(session, patience).Should(gexec.Exit(1))
			Expect(session.Err).To(gbytes.Say("www"))
		},
		Entry("without an address", "www.example"),
		Entry("with a bad address", "www.example=nowhere"),
		Entry("with a label that is too long", "www."+strings.Repeat("x", 300)+"=192.0.2.1"),
	)
})
