package platform

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// A version is the numbers of a dotted release; nil is the newest.
type version []int

// parseVersion reads "10.8" or "10.0.19045"; empty is the newest.
func parseVersion(text string) (version, bool) {
	if text == "" {
		return nil, true
	}
	var v version
	for part := range strings.SplitSeq(text, ".") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 {
			return nil, false
		}
		v = append(v, n)
	}
	return v, true
}

// before reports whether v is older than other. Missing parts count as zero:
// 10 is 10.0, and neither is older. The newest is older than nothing.
func (v version) before(other version) bool {
	if v == nil || other == nil {
		return v != nil
	}
	for len(v) < len(other) {
		v = append(slices.Clone(v), 0)
	}
	for len(other) < len(v) {
		other = append(slices.Clone(other), 0)
	}
	return slices.CompareFunc(v, other, cmp.Compare[int]) < 0
}

// leadingVersion cuts what kernels append to their numbers: "6.8.0-45-generic"
// and "14.1-RELEASE" become "6.8.0" and "14.1". It returns nothing for a text
// that does not begin with a number.
func leadingVersion(release string) string {
	end := strings.IndexFunc(release, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	if end >= 0 {
		release = release[:end]
	}
	return strings.Trim(release, ".")
}
