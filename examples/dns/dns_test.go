package main_test

import (
	"context"
	"net"
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
	session, err := gexec.Start(program(append([]string{"-udp", "127.0.0.1:0"}, args...)...), GinkgoWriter, GinkgoWriter)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { end(session) })
	Eventually(session, patience).Should(gbytes.Say(`answering on 127\.0\.0\.1:\d+\n`))
	return regexp.MustCompile(`:(\d+)`).FindStringSubmatch(string(session.Out.Contents()))[1]
}

var records = []string{"www.example=192.0.2.1", "www.example=192.0.2.2", "www.example=2001:db8::1", "v4.example=192.0.2.9"}

var _ = Describe("dns", func() {
	It("serves Go's resolver, and drops what is no question", func() {
		port := start(records...)
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
			session, err := gexec.Start(program(record), GinkgoWriter, GinkgoWriter)
			Expect(err).NotTo(HaveOccurred())
			Eventually(session, patience).Should(gexec.Exit(1))
			Expect(session.Err).To(gbytes.Say("www"))
		},
		Entry("without an address", "www.example"),
		Entry("with a bad address", "www.example=nowhere"),
		Entry("with a label that is too long", "www."+strings.Repeat("x", 300)+"=192.0.2.1"),
	)
})
