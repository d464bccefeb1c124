//go:build !linux

package trace

import (
	"errors"
	"os"
)

// Mkfifo is refused: the goldens are those of Linux.
func Mkfifo(string) error { return errors.ErrUnsupported }

// SocketPair is refused.
func SocketPair() (a, b *os.File, err error) { return nil, nil, errors.ErrUnsupported }

// OpenPTY is refused.
func OpenPTY() (master, slave *os.File, err error) { return nil, nil, errors.ErrUnsupported }
