//go:build !unix

package platform

// Pipe is refused on this system.
func Pipe() (r, w int, err error) { return -1, -1, unbuilt("Pipe") }
