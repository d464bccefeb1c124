package conformance_test

import (
	"os/exec"
	"runtime/debug"
	"slices"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"
)

func TestConformance(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "conformance")
}

// tracer is the path of the program, built once for all processes of the suite.
var tracer string

var _ = SynchronizedBeforeSuite(func() []byte {
	return []byte(build())
}, func(path []byte) {
	tracer = string(path)
})

var _ = SynchronizedAfterSuite(func() {}, gexec.CleanupBuildArtifacts)

// build makes the tracer with the race detector if the specs have it.
func build() string {
	GinkgoHelper()
	var flags []string
	if info, ok := debug.ReadBuildInfo(); ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		flags = append(flags, "-race")
	}
	path, err := gexec.Build("github.com/tidemill-go/tidemill/conformance/tracer", flags...)
	Expect(err).NotTo(HaveOccurred())
	return path
}

// needPython skips the running spec where the driver can not run.
func needPython() {
	GinkgoHelper()
	if _, err := exec.LookPath("python3"); err != nil {
		Skip("python3 is not in PATH, and the driver of the trace scenarios is a Python program")
	}
}
