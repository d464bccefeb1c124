package conformance_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// groups are how the names of the scenarios begin that the tracer has.
var groups = []string{"tcp", "client", "server", "unix", "sched", "fd", "udp", "pipe", "proc", "signal", "tls", "streams", "sendfile"}

// scenarios are the names of the goldens of one group. They are what the specs
// go by, so that a scenario that the tracer lacks fails.
func scenarios(group string) []string {
	paths, err := filepath.Glob(filepath.Join("golden", group+"_*.json"))
	if err != nil || len(paths) == 0 {
		panic("no goldens of group " + group)
	}
	names := make([]string, len(paths))
	for i, path := range paths {
		names[i] = nameOf(path)
	}
	return names
}

func allScenarios() (names []string) {
	for _, group := range groups {
		names = append(names, scenarios(group)...)
	}
	return names
}

// nameOf is the scenario of a golden.
func nameOf(path string) string { return strings.TrimSuffix(filepath.Base(path), ".json") }

// An omission is a row of README.md's table of what is not run on Windows.
type omission struct {
	patterns []string
	loops    string // a kind, or both
}

func (o omission) leavesOut(kind, name string) bool {
	return (o.loops == "both" || o.loops == kind) &&
		slices.ContainsFunc(o.patterns, func(pattern string) bool { return matches(pattern, name) })
}

func matches(pattern, name string) bool {
	matched, err := filepath.Match(pattern, name)
	return err == nil && matched
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

// leftOut reads the table: the specs go by what people read.
func leftOut() (rows []omission) {
	_, table := section("What is left out on Windows")
	for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]+`) \\| (both|iocp|select) \\| [^|]+ \\|$").FindAllStringSubmatch(table, -1) {
		o := omission{loops: row[2]}
		for _, pattern := range regexp.MustCompile("`([a-z_0-9*]+)`").FindAllStringSubmatch(row[1], -1) {
			o.patterns = append(o.patterns, pattern[1])
		}
		rows = append(rows, o)
	}
	return rows
}

// section returns what README.md says under a heading, and whether it has that.
func section(heading string) (found bool, text string) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		panic(err)
	}
	_, text, found = strings.Cut(string(readme), "## "+heading+"\n")
	text, _, _ = strings.Cut(text, "\n## ")
	return found, text
}
