//go:build unix

package main_test

import (
	"os/exec"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"
)

var _ = Describe("dns, asked by dig", func() {
	var port string
	BeforeEach(func() { port = start(records...) })

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
