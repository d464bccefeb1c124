//go:build unix

package eventloop_test

import (
	"os"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"
)

// pipeInto is a pipe whose reading end is for a loop of that kind.
func pipeInto(kind string) (r, far *os.File) {
	GinkgoHelper()
	if _, standsIn := madeHere[kind]; !standsIn {
		return filePipe()
	}
	near, other := newSocketPair()
	return fileOfEnd(near), fileOfEnd(other)
}

// pipeOutOf is a pipe whose writing end is for a loop of that kind.
func pipeOutOf(kind string) (far, w *os.File) {
	GinkgoHelper()
	return pipeInto(kind)
}

// fileOfEnd is an end as a program hands it over.
func fileOfEnd(e *end) *os.File {
	GinkgoHelper()
	fd, err := unix.FcntlInt(e.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	Expect(err).NotTo(HaveOccurred())
	e.Close()
	file := os.NewFile(uintptr(fd), "end")
	DeferCleanup(func() { _ = file.Close() })
	return file
}
