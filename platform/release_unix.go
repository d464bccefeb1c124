//go:build linux || freebsd || netbsd || openbsd || dragonfly

package platform

import "golang.org/x/sys/unix"

// askVersion returns the release of the kernel, which is the system's own on the
// BSDs; nothing, which means the newest, if uname fails.
func askVersion() string {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return ""
	}
	return leadingVersion(unix.ByteSliceToString(name.Release[:]))
}
