//go:build !unix

package signals

import "syscall"

const lastSignal = 15

func reserved(syscall.Signal) bool { return false }

func uncatchable(syscall.Signal) bool { return false }
