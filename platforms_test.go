package tidemill_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/platform"
)

// tableUnder returns the rows of the table in docs/platforms.md under a heading,
// its head first.
func tableUnder(heading string) (rows [][]string) {
	GinkgoHelper()
	text, err := os.ReadFile("docs/platforms.md")
	Expect(err).NotTo(HaveOccurred())
	_, rest, found := strings.Cut(string(text), "\n## "+heading+"\n")
	Expect(found).To(BeTrue(), heading)
	section, _, _ := strings.Cut(rest, "\n## ")
	for line := range strings.Lines(section) {
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|---") {
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, cells)
	}
	Expect(rows).NotTo(BeEmpty(), heading)
	for _, row := range rows {
		Expect(row).To(HaveLen(len(rows[0])), "%v", row)
	}
	return rows
}

// kindsOf reads the head of a column: "freebsd, dragonfly: kqueue, poll".
func kindsOf(head string) (targets []platform.Target) {
	GinkgoHelper()
	systems, loops, found := strings.Cut(head, ": ")
	Expect(found).To(BeTrue(), head)
	for _, system := range strings.Split(systems, ", ") {
		for _, loop := range strings.Split(loops, ", ") {
			targets = append(targets, platform.Target{OS: system, Version: newest, Loop: loop})
		}
	}
	return targets
}

// newest is above every version that a rule is about: an empty one would ask this
// machine.
const newest = "1000.0"

// word is how the document says an answer.
func word(c platform.Capability) string {
	switch {
	case !c.Supported:
		return "no"
	case c.Reason != "":
		return "limited"
	}
	return "yes"
}

var _ = Describe("docs/platforms.md", func() {
	It("says of every operation what the tables say", func() {
		rows := tableUnder("What each kind of loop can do")
		said := map[string][]string{}
		for _, row := range rows[1:] {
			Expect(said).NotTo(HaveKey(row[0]))
			said[row[0]] = row
		}
		Expect(said).To(HaveLen(len(platform.Operations())))
		for column, head := range rows[0] {
			if column == 0 {
				continue
			}
			for _, target := range kindsOf(head) {
				for _, c := range platform.For(target).Capabilities() {
					Expect(said).To(HaveKey(c.Operation.String()))
					Expect(said[c.Operation.String()][column]).To(Equal(word(c)), "%s on %v", c.Operation, target)
				}
			}
		}
	})

	It("has a column for every kind of loop of every system", func() {
		var columns, kinds []string
		for _, head := range tableUnder("What each kind of loop can do")[0][1:] {
			for _, t := range kindsOf(head) {
				columns = append(columns, t.OS+" "+t.Loop)
			}
		}
		for _, system := range platform.Systems() {
			for _, loop := range platform.Loops(system) {
				kinds = append(kinds, system+" "+loop)
			}
		}
		Expect(columns).To(ConsistOf(kinds))
	})

	It("names the first versions", func() {
		for _, row := range tableUnder("First versions")[1:] {
			op, target := platform.Operation(row[0]), platform.Target{OS: row[2], Version: row[3], Loop: row[1]}
			Expect(platform.Operations()).To(ContainElement(op))
			Expect(platform.For(target).Check(op)).To(Succeed(), "%v", row)
			target.Version = versionBefore(row[3])
			Expect(platform.For(target).Check(op)).NotTo(Succeed(), "%v: %v", row, target)
		}
	})

	It("leaves out no limit and invents none", func() {
		said := map[string]string{}
		for _, row := range tableUnder("Limits")[1:] {
			said[row[1]+" "+row[0]] = row[2]
		}
		limited := map[string]string{}
		for _, system := range platform.Systems() {
			for _, loop := range platform.Loops(system) {
				limits := platform.For(platform.Target{OS: system, Version: newest, Loop: loop}).Limits()
				switch name := system + " " + loop; {
				case limits.MaxSockets > 0:
					limited[name] = fmt.Sprintf("%d sockets", limits.MaxSockets)
				case limits.MaxFD > 0:
					limited[name] = fmt.Sprintf("descriptors below %d", limits.MaxFD)
				}
			}
		}
		Expect(said).To(Equal(limited))
	})

	It("knows the clocks", func() {
		var systems []string
		for _, row := range tableUnder("Clocks")[1:] {
			usual, best := platform.For(platform.Target{OS: row[0], Version: newest}).ClockResolution()
			Expect(row[1:]).To(Equal([]string{usual.String(), best.String()}), row[0])
			systems = append(systems, row[0])
		}
		Expect(systems).To(ConsistOf(platform.Systems()))
	})

	It("puts every kind of loop into a tier", func() {
		tiers := ""
		for _, row := range tableUnder("Support tiers")[1:] {
			tiers += row[1] + "\n"
		}
		spelled := map[string]string{
			"linux": "Linux", "darwin": "macOS", "freebsd": "FreeBSD", "netbsd": "NetBSD", "openbsd": "OpenBSD",
			"dragonfly": "DragonFly", "windows": "Windows",
		}
		for _, system := range platform.Systems() {
			Expect(spelled).To(HaveKey(system))
			line := slices.IndexFunc(strings.Split(tiers, "\n"), func(l string) bool { return strings.Contains(l, spelled[system]) })
			Expect(line).To(BeNumerically(">=", 0), system)
			for _, loop := range platform.Loops(system) {
				Expect(strings.Split(tiers, "\n")[line]).To(ContainSubstring(loop), system)
			}
		}
	})
})

// versionBefore counts the last part down: "10.9" is behind "10.8".
func versionBefore(version string) string {
	GinkgoHelper()
	parts := strings.Split(version, ".")
	last, err := strconv.Atoi(parts[len(parts)-1])
	Expect(err).NotTo(HaveOccurred())
	Expect(last).To(BeNumerically(">", 0))
	parts[len(parts)-1] = strconv.Itoa(last - 1)
	return strings.Join(parts, ".")
}
