//go:build unix

package trace

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

func errnoName(errno syscall.Errno) string {
	if name := unix.ErrnoName(errno); name != "" {
		return name
	}
	return fmt.Sprintf("errno%d", int(errno))
}
