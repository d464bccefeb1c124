//go:build unix

package conformance_test

import (
	. "github.com/onsi/ginkgo/v2"

	"github.com/tidemill-go/tidemill/platform"
)

var _ = describeWindows()

// describeWindows has one container per kind of loop that Windows has, if there
// is something to run its programs. The driver stays here.
func describeWindows() bool {
	for _, kind := range platform.Loops("windows") {
		if wine == "" {
			break
		}
		Describe("On Windows, on "+kind, Label("windows", kind), Ordered, ContinueOnFailure, func() {
			runs := runBatch(windowsGoldens(kind),
				func() string { return quoted(wine) + " " + quoted(windowsTracer) + " -loop " + kind },
				shownOnWindows(kind, allScenarios()))
			for _, group := range groups {
				if names := shownOnWindows(kind, scenarios(group)); len(names) > 0 {
					describeGroup(group, names, runs)
				}
			}
		})
	}
	return true
}

// windowsGoldens are the directories that hold for a kind of loop there.
func windowsGoldens(kind string) string {
	dirs := "golden-windows:golden-ours:golden-3.13:golden"
	if kind == "iocp" {
		dirs = "golden-windows-iocp:golden-windows:golden-completion:golden-ours:golden-3.13:golden"
	}
	return dirs
}
