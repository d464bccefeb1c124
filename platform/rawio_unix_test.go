//go:build unix

package platform_test

import (
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/platform"
)

var _ = Describe("Recv", func() {
	It("reports a disconnect when the peer resets", func() {
		listener, address := listening(loopback)
		client := connecting(address)
		await(listener, unix.POLLIN)
		server, _, err := platform.Accept(listener)
		Expect(err).NotTo(HaveOccurred())
		Expect(platform.SetLingerReset(server)).To(Succeed())
		Expect(platform.CloseFD(server)).To(Succeed())

		await(client, unix.POLLIN)
		_, err = platform.Recv(client, make([]byte, 1))
		Expect(err).To(Equal(unix.ECONNRESET))
		Expect(platform.IsDisconnect(err)).To(BeTrue())
	})
})

var _ = Describe("ReadFD and WriteFD", func() {
	var read, write int
	BeforeEach(func() {
		fds := make([]int, 2)
		Expect(unix.Pipe(fds)).To(Succeed())
		read, write = closing(fds[0]), fds[1]
		Expect(platform.SetNonblock(read)).To(Succeed())
		Expect(platform.SetNonblock(write)).To(Succeed())
	})

	It("carry bytes through a pipe, then the end", func() {
		Expect(platform.WriteFD(write, []byte("mill"))).To(Equal(4))
		buffer := make([]byte, 16)
		Expect(platform.ReadFD(read, buffer)).To(Equal(4))
		Expect(string(buffer[:4])).To(Equal("mill"))
		Expect(platform.CloseFD(write)).To(Succeed())
		Expect(platform.ReadFD(read, buffer)).To(Equal(0))
	})

	It("would block on an empty pipe and on a full one", func() {
		closing(write)
		_, err := platform.ReadFD(read, make([]byte, 1))
		Expect(platform.WouldBlock(err)).To(BeTrue(), "%v", err)
		for err = nil; err == nil; {
			_, err = platform.WriteFD(write, make([]byte, 4096))
		}
		Expect(platform.WouldBlock(err)).To(BeTrue(), "%v", err)
	})

	It("report EPIPE when the reader is gone", func() {
		closing(write)
		other := make([]int, 2)
		Expect(unix.Pipe(other)).To(Succeed())
		Expect(platform.CloseFD(other[0])).To(Succeed())
		_, err := platform.WriteFD(closing(other[1]), []byte("x"))
		Expect(err).To(Equal(unix.EPIPE))
	})
})

var _ = Describe("Accept", func() {
	It("gives an address without a path for a Unix client without a name", func() {
		path := filepath.Join(GinkgoT().TempDir(), "s")
		listener, address := listening(platform.UnixSockaddr(path))
		Expect(address.Path()).To(Equal(path))
		connecting(address)
		await(listener, unix.POLLIN)
		fd, peer, err := platform.Accept(listener)
		Expect(err).NotTo(HaveOccurred())
		closing(fd)
		Expect(peer).To(Equal(platform.UnixSockaddr("")))
	})

	It("is out of resources when there are no descriptors left, and works again after", Serial, func() {
		listener, address := listening(loopback)
		connecting(address)
		await(listener, unix.POLLIN)

		err := withoutDescriptors(func() error {
			_, _, err := platform.Accept(listener)
			return err
		})
		Expect(err).To(Equal(unix.EMFILE))
		Expect(platform.IsOutOfResources(err)).To(BeTrue())
		accepted(listener)
	})
})

// withoutDescriptors runs f while the process may open none: those that are
// open stay.
func withoutDescriptors(f func() error) error {
	GinkgoHelper()
	var limit unix.Rlimit
	Expect(unix.Getrlimit(unix.RLIMIT_NOFILE, &limit)).To(Succeed())
	none := limit
	none.Cur = 0
	Expect(unix.Setrlimit(unix.RLIMIT_NOFILE, &none)).To(Succeed())
	err := f()
	Expect(unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)).To(Succeed())
	return err
}
