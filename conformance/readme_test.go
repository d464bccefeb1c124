package conformance_test

import (
	"path/filepath"
	"regexp"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
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
})
