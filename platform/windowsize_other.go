//go:build !unix

package platform

// SetWindowSize is refused on this system.
func SetWindowSize(fd int, rows, columns, width, height uint16) error {
	return unbuilt("SetWindowSize")
}
