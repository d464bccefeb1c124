package platform

import "golang.org/x/sys/windows"

// BrokenPipe is what a write says whose reader is gone: ERROR_BROKEN_PIPE.
const BrokenPipe = windows.ERROR_BROKEN_PIPE
