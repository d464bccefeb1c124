//go:build unix && !linux && !darwin

package signals

import "syscall"

// lastSignal is the last one that Go's runtime delivers; the real-time signals of
// FreeBSD and NetBSD are beyond.
const lastSignal = 32

func reserved(syscall.Signal) bool { return false }

func uncatchable(number syscall.Signal) bool { return number == syscall.SIGSTOP }
