package platform

import (
	"slices"
	"time"
)

// A system is an operating system as the tables know it.
type system struct {
	name  string     // as GOOS spells it
	loops []loopKind // best first
	clock clockFacts
}

// A loopKind is a mechanism that a system has.
type loopKind struct {
	name     string
	proactor bool
	limits   Limits
}

// clockFacts is the resolution of the monotonic clock as a rule and at best.
type clockFacts struct{ usual, best time.Duration }

// Limits is what a kind of loop can not watch, or not any number of. Zero fields
// are no limits.
type Limits struct {
	// MaxSockets is how many sockets one loop can watch at a time.
	MaxSockets int

	// SocketsOnly says that nothing but sockets can be watched.
	SocketsOnly bool

	// MaxFD is the first descriptor number that is too large, however few
	// descriptors are watched.
	MaxFD int
}

// FD_SETSIZE: the set of select(2) is an array of bits on Unix, indexed by
// descriptor, and an array of sockets on Windows, where 512 is what asyncio was
// compiled for and what this module keeps to.
var (
	unixSelectLimits    = Limits{MaxFD: 1024}
	netbsdSelectLimits  = Limits{MaxFD: 256}
	windowsSelectLimits = Limits{MaxSockets: 512, SocketsOnly: true}
)

// Clocks. Linux counts nanoseconds where it has high-resolution timers, that is
// wherever Go runs; the others promise a microsecond or better. Windows counts
// in ticks of its timer interrupt, 64 a second unless some program asked for up
// to 2000; it depends on the hardware and on what else is running.
var (
	linuxClock   = clockFacts{usual: time.Nanosecond, best: time.Nanosecond}
	unixClock    = clockFacts{usual: time.Microsecond, best: time.Nanosecond}
	windowsClock = clockFacts{usual: 15600 * time.Microsecond, best: 500 * time.Microsecond}
)

// kqueueLoops is what macOS and the BSDs have.
func kqueueLoops(selectLimits Limits) []loopKind {
	return []loopKind{
		{name: "kqueue"},
		{name: "poll"},
		{name: "select", limits: selectLimits},
	}
}

// io_uring stands last on Linux: it is never taken without being asked for,
// because containers forbid it and it loses on few connections.
var systems = []system{
	{name: "linux", clock: linuxClock, loops: []loopKind{
		{name: "epoll"},
		{name: "poll"},
		{name: "select", limits: unixSelectLimits},
		{name: "io_uring", proactor: true},
	}},
	{name: "darwin", clock: unixClock, loops: kqueueLoops(unixSelectLimits)},
	{name: "freebsd", clock: unixClock, loops: kqueueLoops(unixSelectLimits)},
	{name: "netbsd", clock: unixClock, loops: kqueueLoops(netbsdSelectLimits)},
	{name: "openbsd", clock: unixClock, loops: kqueueLoops(unixSelectLimits)},
	{name: "dragonfly", clock: unixClock, loops: kqueueLoops(unixSelectLimits)},
	{name: "windows", clock: windowsClock, loops: []loopKind{
		{name: "iocp", proactor: true},
		{name: "select", limits: windowsSelectLimits},
	}},
}

// Systems returns the operating systems that the tables know, as GOOS spells
// them. The slice is the caller's.
func Systems() []string {
	names := make([]string, len(systems))
	for i, s := range systems {
		names[i] = s.name
	}
	return names
}

// Loops returns the kinds of loop that an operating system has, best first;
// nothing for a system that the tables do not know. Empty means the running
// system.
func Loops(os string) []string {
	s, known := findSystem(os)
	if !known {
		return nil
	}
	names := make([]string, len(s.loops))
	for i, k := range s.loops {
		names[i] = k.name
	}
	return names
}

func findSystem(os string) (system, bool) {
	if os == "" {
		os = runningOS
	}
	i := slices.IndexFunc(systems, func(s system) bool { return s.name == os })
	if i < 0 {
		return system{name: os}, false
	}
	return systems[i], true
}

func (s system) kind(name string) (loopKind, bool) {
	i := slices.IndexFunc(s.loops, func(k loopKind) bool { return k.name == name })
	if i < 0 {
		return loopKind{name: name}, false
	}
	return s.loops[i], true
}

// best returns the first kind that suits.
func (s system) best(suits func(loopKind) bool) (loopKind, bool) {
	i := slices.IndexFunc(s.loops, suits)
	if i < 0 {
		return loopKind{}, false
	}
	return s.loops[i], true
}
