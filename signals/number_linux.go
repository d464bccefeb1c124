package signals

import "syscall"

const lastSignal = 64

// reserved are the C library's: 32 cancels threads, 33 changes their user. In
// musl 34 synchronizes them, so the runtime leaves it alone whatever the C
// library is, and would never deliver it (golang.org/issue/39343).
func reserved(number syscall.Signal) bool { return number >= 32 && number <= 34 }

func uncatchable(number syscall.Signal) bool { return number == syscall.SIGSTOP }
