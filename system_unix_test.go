//go:build unix

package tidemill_test

import (
	"os"
	"syscall"

	. "github.com/onsi/gomega"
)

func countDescriptors() int {
	entries, err := os.ReadDir("/dev/fd")
	Expect(err).NotTo(HaveOccurred())
	return len(entries)
}

func setReceiveBuffer(fd uintptr, size int) error {
	return syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, size)
}
