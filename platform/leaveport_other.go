//go:build !windows

package platform

// LeavePort does nothing: there are no completion ports that a file is tied to.
func LeavePort(int) error { return nil }
