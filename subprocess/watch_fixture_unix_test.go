//go:build unix

package subprocess_test

import (
	"fmt"
	"os"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/platform"
)

// startChild starts a child that ends with a code, behind a line of its input if
// it has one.
func startChild(code int, stdin *os.File) *os.Process {
	GinkgoHelper()
	script := fmt.Sprintf("exit %d", code)
	if stdin != nil {
		script = "read x; " + script
	}
	return startScript(script, stdin)
}

func startShell(script string) *os.Process {
	GinkgoHelper()
	return startScript(script, nil)
}

// startScript starts a child of a shell script.
func startScript(script string, stdin *os.File) *os.Process {
	GinkgoHelper()
	p, err := os.StartProcess("/bin/sh", []string{"sh", "-c", script}, &os.ProcAttr{Files: []*os.File{stdin}})
	Expect(err).NotTo(HaveOccurred())
	return p
}

func openDescriptors() (open []int) {
	for fd := range 1024 {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil {
			open = append(open, fd)
		}
	}
	return open
}

// anyChild says whether this process has a child, zombies included.
func anyChild() bool {
	_, err := platform.EndedChild(0)
	return err != unix.ECHILD
}

// hasEnded says that a child does not run any more.
func hasEnded(pid int) bool {
	ended, err := platform.EndedChild(pid)
	return ended != 0 || err != nil
}

// wasReaped says that not even a zombie is left.
func wasReaped(pid int) bool {
	_, err := platform.EndedChild(pid)
	return err == unix.ECHILD
}
