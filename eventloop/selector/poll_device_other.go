//go:build dragonfly || freebsd || linux || netbsd || openbsd

package selector

// refusesDevice is macOS's business: here poll takes all that is open.
func refusesDevice(int) bool { return false }
