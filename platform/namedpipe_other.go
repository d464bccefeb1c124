//go:build !windows

package platform

import "runtime"

func noNamedPipes(op string) error {
	return &UnsupportedError{
		Op:          op,
		OS:          runtime.GOOS,
		Reason:      noNamedPipesReason,
		Alternative: noNamedPipesAlternative,
	}
}

// CreatePipeInstance is refused: the pipes that it makes are Windows's.
func CreatePipeInstance(name string, first bool) (fd int, err error) {
	return -1, noNamedPipes(string(CreatePipeServer))
}

// OpenNamedPipe is refused as CreatePipeInstance is.
func OpenNamedPipe(name string) (fd int, err error) {
	return -1, noNamedPipes(string(CreatePipeConnection))
}

// IsPipeBusy is false: no call here says so.
func IsPipeBusy(error) bool { return false }

// OverlappedPipe is refused: every pipe can be watched here, so Pipe will do.
func OverlappedPipe() (r, w int, err error) {
	return -1, -1, &UnsupportedError{
		Op: "OverlappedPipe", OS: runtime.GOOS,
		Reason: "no call is overlapped here", Alternative: "Pipe",
	}
}
