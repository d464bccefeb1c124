package platform

import "sync"

// The probes ask the running kernel once; the answer does not change while a
// program runs, or is not worth the noise if it does.
var (
	probedIOUring = sync.OnceValue(probeIOUring)
	probedPidFD   = sync.OnceValue(probePidFD)
	askedClock    = sync.OnceValue(askClock)
	askedVersion  = sync.OnceValue(askVersion)
)

// IOUring returns nil if this process may use io_uring, and otherwise an error
// that says why not: a kernel without it, the sysctl kernel.io_uring_disabled, a
// seccomp filter such as most container runtimes have, or no Linux. It makes a
// ring and closes it, once per process; later calls return the same answer.
func IOUring() error { return probedIOUring() }

// PidFD returns nil if this process can open descriptors of processes, wait for
// them and send signals through them, which is what package os needs to use them
// for children; otherwise an error that says why not. It tries with one of the
// process itself and closes it, once per process; later calls return the same
// answer.
func PidFD() error { return probedPidFD() }

func runningVersion() string { return askedVersion() }
