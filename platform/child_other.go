//go:build !linux && !((freebsd || netbsd || dragonfly) && (amd64 || arm64 || riscv64))

package platform

import "runtime"

// EndedChild is refused on this system.
func EndedChild(int) (ended int, err error) {
	return 0, &UnsupportedError{
		Op: "EndedChild", OS: runtime.GOOS, Reason: noPeekReason, Alternative: noPeekAlternative,
	}
}
