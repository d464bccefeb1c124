//go:build !linux

package platform

// EndedPidFD is refused on this system.
func EndedPidFD(int) (ended bool, err error) { return false, errNoPidFD }
