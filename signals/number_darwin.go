package signals

import "syscall"

const lastSignal = 31

func reserved(syscall.Signal) bool { return false }

func uncatchable(number syscall.Signal) bool { return number == syscall.SIGSTOP }
