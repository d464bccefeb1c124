//go:build unix

package platform

import "golang.org/x/sys/unix"

// SendFile has the kernel send up to n bytes, n > 0, of the file in, from offset
// on, over the non-blocking socket out, and returns how many it took: 0, nil at
// the end of the file. The position of in stays. It reads from disk if it must,
// so it may block that long: not for a loop's goroutine. See WouldBlock; EINVAL,
// ENOSYS and the like say that these two can not be joined this way.
func SendFile(out, in int, offset int64, n int) (int, error) {
	for {
		sent, err := unix.Sendfile(out, in, &offset, n)
		switch {
		case sent > 0:
			return sent, nil // the BSDs report a part together with EAGAIN
		case err == unix.EINTR:
		case err != nil:
			return 0, err
		default:
			return 0, nil
		}
	}
}
