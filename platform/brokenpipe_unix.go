//go:build unix

package platform

import "syscall"

// BrokenPipe is what a write says whose reader is gone: EPIPE.
const BrokenPipe = syscall.EPIPE
