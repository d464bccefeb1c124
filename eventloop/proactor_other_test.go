//go:build unix && !linux

package eventloop_test

import "errors"

// withoutCall is of Linux.
func withoutCall(string) error { return errors.ErrUnsupported }
