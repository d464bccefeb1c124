//go:build unix

package platform_test

import (
	"bytes"
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/platform"
)

var _ = Describe("Recv and Send", func() {
	It("carry bytes, then the end", func() {
		client, server := connected()
		Expect(platform.Send(client, []byte("tide"))).To(Equal(4))
		await(server, unix.POLLIN)
		buffer := make([]byte, 16)
		Expect(platform.Recv(server, buffer)).To(Equal(4))
		Expect(string(buffer[:4])).To(Equal("tide"))

		Expect(platform.ShutdownWrite(client)).To(Succeed())
		await(server, unix.POLLIN)
		Expect(platform.Recv(server, buffer)).To(Equal(0))
	})

	It("would block when there is nothing to receive and no room to send", func() {
		client, server := connected()
		_, err := platform.Recv(server, make([]byte, 1))
		Expect(platform.WouldBlock(err)).To(BeTrue(), "%v", err)

		chunk, sent := make([]byte, 1<<20), 0
		for err = nil; err == nil; {
			var n int
			if n, err = platform.Send(client, chunk); err == nil {
				sent += n
			}
			Expect(sent).To(BeNumerically("<", 1<<30))
		}
		Expect(platform.WouldBlock(err)).To(BeTrue(), "%v", err)
		Expect(sent).To(BeNumerically(">", 0))
	})

	It("send nothing of nothing", func() {
		client, _ := connected()
		Expect(platform.Send(client, nil)).To(Equal(0))
	})

	It("report a disconnect when the peer resets", func() {
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

	It("report a disconnect after the sending half was shut", func() {
		client, _ := connected()
		Expect(platform.ShutdownWrite(client)).To(Succeed())
		_, err := platform.Send(client, []byte("late"))
		Expect(err).To(Equal(unix.EPIPE))
		Expect(platform.IsDisconnect(err)).To(BeTrue())
	})

	It("fail with EBADF on what is no descriptor", func() {
		_, err := platform.Recv(-1, make([]byte, 1))
		Expect(err).To(Equal(unix.EBADF))
		_, err = platform.Send(-1, []byte("x"))
		Expect(err).To(Equal(unix.EBADF))
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
	It("gives a descriptor of our kind and the peer's address", func() {
		listener, address := listening(loopback)
		client := connecting(address)
		await(listener, unix.POLLIN)
		fd, peer, err := platform.Accept(listener)
		Expect(err).NotTo(HaveOccurred())
		expectOurs(closing(fd))
		Expect(peer).To(Equal(localName(client)))
		Expect(platform.PeerName(fd)).To(Equal(peer))
		Expect(platform.LocalName(fd)).To(Equal(address))
	})

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

	It("would block when nobody connects", func() {
		listener, _ := listening(loopback)
		fd, peer, err := platform.Accept(listener)
		Expect(fd).To(Equal(-1))
		Expect(peer.IsValid()).To(BeFalse())
		Expect(platform.WouldBlock(err)).To(BeTrue(), "%v", err)
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

	It("fails on a socket that does not listen, in a way that is nobody's fault but ours", func() {
		_, _, err := platform.Accept(openSocket(unix.AF_INET, unix.SOCK_STREAM))
		Expect(err).To(Equal(unix.EINVAL))
		Expect(platform.IsConnAborted(err)).To(BeFalse())
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

var _ = Describe("FileKind", func() {
	kindOf := func(open func() int) platform.Kind {
		GinkgoHelper()
		kind, err := platform.FileKind(closing(open()))
		Expect(err).NotTo(HaveOccurred())
		return kind
	}
	opened := func(path string) func() int {
		return func() int {
			fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
			Expect(err).NotTo(HaveOccurred())
			return fd
		}
	}

	It("tells what is behind a descriptor", func() {
		file := filepath.Join(GinkgoT().TempDir(), "file")
		Expect(os.WriteFile(file, bytes.Repeat([]byte("x"), 10), 0o600)).To(Succeed())
		Expect(kindOf(opened(file))).To(Equal(platform.KindRegular))
		Expect(kindOf(opened(filepath.Dir(file)))).To(Equal(platform.KindDirectory))
		Expect(kindOf(opened(os.DevNull))).To(Equal(platform.KindCharDevice))
		Expect(platform.FileKind(openSocket(unix.AF_INET, unix.SOCK_DGRAM))).To(Equal(platform.KindSocket))

		fds := make([]int, 2)
		Expect(unix.Pipe(fds)).To(Succeed())
		closing(fds[1])
		Expect(platform.FileKind(closing(fds[0]))).To(Equal(platform.KindFIFO))
	})

	It("fails with EBADF when nothing is", func() {
		_, err := platform.FileKind(-1)
		Expect(err).To(Equal(unix.EBADF))
	})

	It("has words for an error message", func() {
		Expect(platform.KindRegular.String()).To(Equal("regular file"))
		Expect(platform.KindBlockDevice.String()).To(Equal("block device"))
		Expect(platform.Kind(99).String()).To(Equal("unknown"))
	})
})
