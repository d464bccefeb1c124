package main_test

import (
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"
	"github.com/onsi/gomega/gexec"

	"github.com/tidemill-go/tidemill/eventloop/looptest"
	"github.com/tidemill-go/tidemill/platform"
)

var _ = Describe("echo with what a kind of loop refuses", func() {
	for _, kind := range looptest.Kinds() {
		It("says why "+kind+" has no Unix sockets, if one is named, and makes none", func() {
			path := filepath.Join(GinkgoT().TempDir(), "s")
			session := start(on(kind, "-unix", path)...)
			Eventually(session, patience).Should(gexec.Exit(1))
			Expect(string(session.Err.Contents())).To(ContainSubstring(refused(kind, platform.CreateServerUnix).Error()))
			Expect(path).NotTo(BeAnExistingFile())
		})

		It("can not be a filter on "+kind+", and says so", func() {
			session := start(on(kind, "-check", "-stdio")...)
			Eventually(session, patience).Should(gexec.Exit(1))
			Expect(session.Out).To(gbytes.Say(`stdio .* ConnectWritePipe`))
		})
	}

	It("says why a completion port has no datagrams, if they are named", func() {
		session := start("-loop", "proactor", "-udp", "127.0.0.1:0")
		Eventually(session, patience).Should(gexec.Exit(1))
		Expect(string(session.Err.Contents())).To(ContainSubstring(refused("iocp", platform.CreateDatagramEndpoint).Error()))
	})
})
