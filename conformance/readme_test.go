package conformance_test

import (
	"path/filepath"
	"regexp"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/platform"
)

var _ = Describe("README.md", func() {
	DescribeTable("gives a reason for every golden of our own, and names no other", func(heading, folder string) {
		found, table := section(heading)
		Expect(found).To(BeTrue())
		explained := make(map[string]bool)
		for _, row := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\| [^|]+ \\| [^|]+ \\|$").FindAllStringSubmatch(table, -1) {
			explained[row[1]] = true
		}
		ours := make(map[string]bool)
		paths, err := filepath.Glob(filepath.Join(folder, "*.json"))
		Expect(err).NotTo(HaveOccurred())
		for _, path := range paths {
			ours[nameOf(path)] = true
		}
		Expect(explained).To(Equal(ours))
	},
		Entry("on every loop", "Where Tidemill differs", "golden-ours"),
		Entry("on a proactor loop", "Where a proactor loop differs", "golden-completion"),
		Entry("on Windows", "Where Windows differs", "golden-windows"),
		Entry("on the proactor loop of Windows", "Where the proactor loop of Windows differs", "golden-windows-iocp"),
	)

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
