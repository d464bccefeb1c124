//go:build !linux

package eventloop_test

// What stands in for a completion port needs io_uring.
var madeHere map[string]maker
