//go:build !linux && !darwin && !dragonfly && !freebsd && !netbsd && !openbsd && !windows

package selector

var mechanisms = []Mechanism{}
