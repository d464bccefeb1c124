//go:build solaris || illumos

package platform

import "runtime"

// SetReusePort is refused: these systems have no SO_REUSEPORT.
func SetReusePort(int, bool) error {
	return &UnsupportedError{
		Op:          string(ReusePort),
		OS:          runtime.GOOS,
		Reason:      "the system has no SO_REUSEPORT",
		Alternative: "one listening socket shared by all servers",
	}
}
