//go:build !linux

package platform

import "errors"

var (
	errNoIOUring = errors.New("io_uring is Linux's")
	errNoPidFD   = errors.New("pidfds are Linux's")
)

func probeIOUring() error { return errNoIOUring }

func probePidFD() error { return errNoPidFD }
