//go:build unix

package conformance_test

import (
	"os"
	"os/exec"
	"runtime/debug"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"
)

const tracerPackage = "github.com/tidemill-go/tidemill/conformance/tracer"

// tracer is the path of the program, windowsTracer that of the one for Windows,
// empty without a wine. They are built once for all processes of the suite.
var tracer, windowsTracer string

var _ = SynchronizedBeforeSuite(func() []byte {
	return []byte(build() + "\n" + buildForWindows())
}, func(paths []byte) {
	tracer, windowsTracer, _ = strings.Cut(string(paths), "\n")
})

var _ = SynchronizedAfterSuite(func() {}, gexec.CleanupBuildArtifacts)

// build makes the tracer with the race detector if the specs have it.
func build() string {
	GinkgoHelper()
	var flags []string
	if info, ok := debug.ReadBuildInfo(); ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		flags = append(flags, "-race")
	}
	path, err := gexec.Build(tracerPackage, flags...)
	Expect(err).NotTo(HaveOccurred())
	return path
}

// wine is the command that runs programs for Windows, a path, or empty: then
// there is nothing to run them.
var wine = os.Getenv("TIDEMILL_WINE")

// buildForWindows leaves the overlay that such programs need under Wine to
// GOFLAGS.
func buildForWindows() string {
	GinkgoHelper()
	if wine == "" {
		return ""
	}
	path, err := gexec.BuildWithEnvironment(tracerPackage, []string{"GOOS=windows"})
	Expect(err).NotTo(HaveOccurred())
	// Package os/exec starts nothing without an extension there.
	Expect(os.Rename(path, path+".exe")).To(Succeed())
	return path + ".exe"
}

// needPython skips the running spec where the driver can not run.
func needPython() {
	GinkgoHelper()
	if _, err := exec.LookPath("python3"); err != nil {
		Skip("python3 is not in PATH, and the driver of the trace scenarios is a Python program")
	}
}
