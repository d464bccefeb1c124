package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"

	main "github.com/tidemill-go/tidemill/examples/shell"
	"github.com/tidemill-go/tidemill/platform"
)

// asProgram, in the environment of a child, makes the test binary the program.
const asProgram = "TIDEMILL_SPEC_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main.Main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

var _ = Describe("shell on a system without Unix sockets", func() {
	DescribeTable("is refused with the reason, and leaves nothing behind",
		func(does string, operation platform.Operation, status int) {
			self, err := os.Executable()
			Expect(err).NotTo(HaveOccurred())
			path := filepath.Join(GinkgoT().TempDir(), "s")
			cmd := exec.Command(self, does, path)
			cmd.Env = append(os.Environ(), asProgram+"=1")
			session, err := gexec.Start(cmd, GinkgoWriter, GinkgoWriter)
			Expect(err).NotTo(HaveOccurred())
			Eventually(session, 15*time.Second).Should(gexec.Exit(status))
			refusal := platform.For(platform.Target{Loop: "iocp"}).Check(operation)
			Expect(string(session.Err.Contents())).To(ContainSubstring(refusal.Error()))
			Expect(path).NotTo(BeAnExistingFile())
		},
		Entry("as a server", "-listen", platform.CreateServerUnix, 1),
		Entry("as a client", "-connect", platform.CreateConnectionUnix, 255),
	)
})
