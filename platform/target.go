package platform

import (
	"fmt"
	"runtime"
	"strings"
)

// runningOS is the system that the program was built for: the one place where
// the tables look at it.
const runningOS = runtime.GOOS

// A Target is a kind of loop on a version of an operating system. Any target's
// table can be asked on any system.
type Target struct {
	// OS is the system as GOOS spells it, macOS being "darwin". Empty: the one
	// that runs.
	OS string

	// Version is the release: of the product on macOS ("10.8") and Windows
	// ("10.0.19045"), of the kernel elsewhere ("6.1"). Empty: the running
	// version if OS is the running system, else the newest.
	Version string

	// Loop is the kind: epoll, poll, select, io_uring, kqueue, iocp. Empty: the
	// best that the system has.
	Loop string
}

// String returns the target in words: "darwin 10.8, kqueue loop".
func (t Target) String() string {
	var b strings.Builder
	b.WriteString(t.OS)
	if t.Version != "" {
		b.WriteString(" " + t.Version)
	}
	if t.Loop != "" {
		b.WriteString(", " + t.Loop + " loop")
	}
	return b.String()
}

// For returns the table of a target. It never fails: a system that nobody knows,
// a kind of loop that the system has not, and a version that is not dotted
// numbers give a table that refuses everything, with that as the reason.
//
// If the target is the running system in its running version, the table also
// knows what only the running kernel can tell (see IOUring and PidFD).
func For(target Target) Table {
	s, known := findSystem(target.OS)
	live := s.name == runningOS && target.Version == ""
	target.OS = s.name
	if live {
		target.Version = runningVersion()
	}
	if !known {
		return refusingAll(target, "no loop is known for this system", "package net")
	}
	v, ok := parseVersion(target.Version)
	if !ok {
		return refusingAll(target, fmt.Sprintf("%q is no version", target.Version), "dotted numbers such as 10.8")
	}
	if target.Loop == "" {
		k, _ := s.best(func(loopKind) bool { return true })
		target.Loop = k.name
	}
	k, ok := s.kind(target.Loop)
	if !ok {
		return refusingAll(target, "the system has no such loop", "one of "+strings.Join(Loops(s.name), ", "))
	}
	return makeTable(target, s, k, v, live)
}
