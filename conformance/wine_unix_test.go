//go:build unix

package conformance_test

import (
	"path/filepath"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

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

// shownOnWindows are those of the scenarios that README.md does not leave out.
func shownOnWindows(kind string, names []string) (shown []string) {
	out := leftOut()
	for _, name := range names {
		if !slices.ContainsFunc(out, func(row omission) bool { return row.leavesOut(kind, name) }) {
			shown = append(shown, name)
		}
	}
	return shown
}

var _ = Describe("README.md", func() {
	It("leaves out on Windows only what there is, and nothing that has a golden for Windows", func() {
		Expect(leftOut()).NotTo(BeEmpty())
		for _, row := range leftOut() {
			for _, pattern := range row.patterns {
				Expect(allScenarios()).To(ContainElement(Satisfy(func(name string) bool { return matches(pattern, name) })), pattern)
			}
		}
		for folder, kinds := range map[string][]string{"golden-windows": platform.Loops("windows"), "golden-windows-iocp": {"iocp"}} {
			paths, err := filepath.Glob(filepath.Join(folder, "*.json"))
			Expect(err).NotTo(HaveOccurred())
			for _, path := range paths {
				name := nameOf(path)
				Expect(kinds).To(ContainElement(Satisfy(func(kind string) bool {
					return slices.Contains(shownOnWindows(kind, allScenarios()), name)
				})), path)
			}
		}
	})
})
