package eventloop_test

import (
	"strconv"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"
)

// slaveName unlocks the other side of a pseudo-terminal and returns its path.
func slaveName(master int) string {
	GinkgoHelper()
	Expect(unix.IoctlSetPointerInt(master, unix.TIOCSPTLCK, 0)).To(Succeed())
	n, err := unix.IoctlGetInt(master, unix.TIOCGPTN)
	Expect(err).NotTo(HaveOccurred())
	return "/dev/pts/" + strconv.Itoa(n)
}
