//go:build unix

package platform_test

import (
	"bytes"
	"errors"
	"os"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/platform"
)

// localPair is two connected Unix stream sockets.
func localPair() (a, b int) {
	GinkgoHelper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	Expect(err).NotTo(HaveOccurred())
	for _, fd := range fds {
		unix.CloseOnExec(closing(fd))
		Expect(platform.SetNonblock(fd)).To(Succeed())
	}
	return fds[0], fds[1]
}

var _ = Describe("SendFDs and RecvFDs", func() {
	It("pass duplicates of descriptors, closed on exec, with the first byte", func() {
		a, b := localPair()
		r, w, err := os.Pipe()
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(r.Close)
		Expect(platform.SendFDs(a, []byte("hello"), []int{int(w.Fd()), int(w.Fd())})).To(Equal(5))
		Expect(w.Close()).To(Succeed())
		buffer := make([]byte, 3)
		n, fds, lost, err := platform.RecvFDs(b, buffer)
		Expect(err).NotTo(HaveOccurred())
		Expect(string(buffer[:n])).To(Equal("hel"))
		Expect(lost).To(BeFalse())
		Expect(fds).To(HaveLen(2))
		for _, fd := range fds {
			closing(fd)
			Expect(unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)).To(Equal(unix.FD_CLOEXEC))
			Expect(unix.Write(fd, []byte("x"))).To(Equal(1))
		}
		n, fds, lost, err = platform.RecvFDs(b, buffer)
		Expect(err).NotTo(HaveOccurred())
		Expect(string(buffer[:n])).To(Equal("lo"))
		Expect(fds).To(BeEmpty())
		Expect(lost).To(BeFalse())
	})

	It("say when there is no room, nothing, and the end", func() {
		a, b := localPair()
		full := bytes.Repeat([]byte("x"), 1<<20)
		var err error
		for err == nil {
			_, err = platform.Send(a, full)
		}
		_, err = platform.SendFDs(a, []byte("x"), []int{a})
		Expect(platform.WouldBlock(err)).To(BeTrue())
		_, _, _, err = platform.RecvFDs(a, make([]byte, 1))
		Expect(platform.WouldBlock(err)).To(BeTrue())
		Expect(platform.ShutdownWrite(b)).To(Succeed())
		n, fds, _, err := platform.RecvFDs(a, make([]byte, 1))
		Expect(err).NotTo(HaveOccurred())
		Expect(n).To(BeZero())
		Expect(fds).To(BeEmpty())
	})

	It("pass as many at once as they promise, and no bad one", func() {
		a, b := localPair()
		many := make([]int, platform.MaxPassedFDs)
		for i := range many {
			many[i] = a
		}
		Expect(platform.SendFDs(a, []byte("x"), many)).To(Equal(1))
		_, fds, lost, err := platform.RecvFDs(b, make([]byte, 1))
		Expect(err).NotTo(HaveOccurred())
		Expect(lost).To(BeFalse())
		Expect(fds).To(HaveLen(platform.MaxPassedFDs))
		for _, fd := range fds {
			Expect(platform.CloseFD(fd)).To(Succeed())
		}
		_, err = platform.SendFDs(a, []byte("x"), []int{-1})
		Expect(err).To(MatchError(unix.EBADF))
	})
})

var _ = Describe("PeerCredentials", func() {
	It("are those of the process at the other end", func() {
		a, _ := localPair()
		c, err := platform.PeerCredentials(a)
		if errors.Is(err, errors.ErrUnsupported) {
			Expect(err).To(BeAssignableToTypeOf(&platform.UnsupportedError{}))
			return
		}
		Expect(err).NotTo(HaveOccurred())
		Expect(c.UID).To(Equal(uint32(os.Geteuid())))
		Expect(c.GID).To(Equal(uint32(os.Getegid())))
		Expect(c.PID).To(Or(BeZero(), Equal(os.Getpid())))
	})
})

var _ = Describe("IsListening", func() {
	It("tells a listener from other sockets", func() {
		l, _ := listening(loopback)
		Expect(platform.IsListening(l)).To(BeTrue())
		client, server := connected()
		Expect(platform.IsListening(client)).To(BeFalse())
		Expect(platform.IsListening(server)).To(BeFalse())
	})

	It("is ENOTSOCK for what is no socket", func() {
		r, w, err := os.Pipe()
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func() { Expect(errors.Join(r.Close(), w.Close())).To(Succeed()) })
		_, err = platform.IsListening(int(r.Fd()))
		Expect(err).To(MatchError(unix.ENOTSOCK))
	})
})
