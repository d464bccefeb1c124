package main_test

import (
	"os"
	"os/exec"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	main "github.com/tidemill-go/tidemill/examples/dns"
)

// asProgram, in the environment of a child, makes the test binary the program:
// so that there is nothing to build where there is no compiler.
const asProgram = "TIDEMILL_SPEC_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main.Main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestDNS(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "examples/dns")
}

// program is a command of the program.
func program(args ...string) *exec.Cmd {
	GinkgoHelper()
	self, err := os.Executable()
	Expect(err).NotTo(HaveOccurred())
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}
