//go:build !unix && !windows

package trace

import (
	"fmt"
	"syscall"
)

// errnoName has numbers only: the goldens are those of a Unix system.
func errnoName(errno syscall.Errno) string {
	return fmt.Sprintf("errno%d", int(errno))
}
