//go:build !(darwin || freebsd || netbsd || openbsd || dragonfly)

package subprocess

import "errors"

func openKqueue() (exitQueue, error) { return nil, errors.ErrUnsupported }
