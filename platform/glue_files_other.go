//go:build !unix

package platform

// RecvFrom is refused on this system.
func RecvFrom(int, []byte) (int, Sockaddr, error) { return 0, Sockaddr{}, unbuilt("RecvFrom") }

// SendTo is refused on this system.
func SendTo(int, []byte, Sockaddr) error { return unbuilt("SendTo") }

// SendFile is refused on this system.
func SendFile(out, in int, offset int64, n int) (int, error) { return 0, unbuilt("SendFile") }

// IsNonblocking is refused on this system.
func IsNonblocking(int) (bool, error) { return false, unbuilt("IsNonblocking") }

// SetBlocking is refused on this system.
func SetBlocking(int) error { return unbuilt("SetBlocking") }

// AccessMode is refused on this system.
func AccessMode(int) (reads, writes bool, err error) { return false, false, unbuilt("AccessMode") }

// A FileID names the file behind a descriptor.
type FileID struct{}

// FileIDOf is refused on this system.
func FileIDOf(int) (FileID, error) { return FileID{}, unbuilt("FileIDOf") }
