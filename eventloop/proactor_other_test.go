//go:build unix && !linux

package eventloop_test

import "errors"

// The helper programs about io_uring are of Linux.
func withoutCall(string) error { return errors.ErrUnsupported }
func stormOfEnds(string) error { return errors.ErrUnsupported }
func serveCrowd(string) error  { return errors.ErrUnsupported }
