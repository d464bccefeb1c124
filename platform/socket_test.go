//go:build unix

package platform_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/platform"
)

var _ = Describe("Socket", func() {
	It("tells number, type, family and addresses of a connection", func() {
		client, server := connected()
		s := platform.NewSocket(server)
		Expect(s.FD()).To(Equal(uintptr(server)))
		Expect(s.Type()).To(Equal(unix.SOCK_STREAM))
		Expect(s.Family()).To(Equal(unix.AF_INET))
		Expect(s.LocalAddr()).To(Equal(localName(server).NetAddr("tcp")))
		Expect(s.RemoteAddr()).To(Equal(localName(client).NetAddr("tcp")))
	})

	It("has no remote address before it is connected", func() {
		s := platform.NewSocket(openSocket(unix.AF_INET, unix.SOCK_DGRAM))
		Expect(s.RemoteAddr() == nil).To(BeTrue())
		Expect(s.LocalAddr()).To(BeAssignableToTypeOf(&net.UDPAddr{}))
	})

	DescribeTable("names the network of a Unix socket after its type",
		func(sotype int, network string) {
			fd := openSocket(unix.AF_UNIX, sotype)
			Expect(platform.Bind(fd, platform.UnixSockaddr(filepath.Join(GinkgoT().TempDir(), "s")))).To(Succeed())
			Expect(platform.NewSocket(fd).LocalAddr().Network()).To(Equal(network))
		},
		Entry("stream", unix.SOCK_STREAM, "unix"),
		Entry("datagram", unix.SOCK_DGRAM, "unixgram"),
	)

	It("asks and sets options", func() {
		_, server := connected()
		s := platform.NewSocket(server)
		Expect(s.SetsockoptInt(unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1)).To(Succeed())
		Expect(s.GetsockoptInt(unix.SOL_SOCKET, unix.SO_KEEPALIVE)).NotTo(BeZero())
	})

	It("says which call the kernel has refused", func() {
		s := platform.NewSocket(openSocket(unix.AF_INET, unix.SOCK_STREAM))
		expectSyscallError := func(err error, call string, errno unix.Errno) {
			GinkgoHelper()
			refused, ok := errors.AsType[*os.SyscallError](err)
			Expect(ok).To(BeTrue(), "%v", err)
			Expect(refused.Syscall).To(Equal(call))
			Expect(err).To(MatchError(errno))
		}
		_, err := s.GetsockoptInt(unix.SOL_SOCKET, 9999)
		expectSyscallError(err, "getsockopt", unix.ENOPROTOOPT)
		expectSyscallError(s.SetsockoptInt(unix.SOL_SOCKET, 9999, 1), "setsockopt", unix.ENOPROTOOPT)
		expectSyscallError(s.Shutdown(unix.SHUT_WR), "shutdown", unix.ENOTCONN)
	})

	It("shuts one half of the connection", func() {
		client, server := connected()
		Expect(platform.NewSocket(server).Shutdown(unix.SHUT_WR)).To(Succeed())
		await(client, unix.POLLIN)
		Expect(platform.Recv(client, make([]byte, 1))).To(Equal(0))
		Expect(platform.Send(client, []byte("still open"))).To(Equal(10))
	})

	It("duplicates into a file that outlives it", func() {
		listener, address := listening(loopback)
		client := connecting(address)
		await(listener, unix.POLLIN)
		fd, _, err := platform.Accept(listener)
		Expect(err).NotTo(HaveOccurred())

		s := platform.NewSocket(fd)
		file, err := s.Dup()
		Expect(err).NotTo(HaveOccurred())
		s.Release()
		Expect(platform.CloseFD(fd)).To(Succeed())

		Expect(platform.Send(client, []byte("hi"))).To(Equal(2))
		buffer := make([]byte, 8)
		Expect(file.Read(buffer)).To(Equal(2))
		Expect(file.Close()).To(Succeed())
	})

	expectClosed := func(s *platform.Socket) {
		GinkgoHelper()
		Expect(s.FD()).To(Equal(^uintptr(0)))
		Expect(s.LocalAddr() == nil).To(BeTrue())
		Expect(s.RemoteAddr() == nil).To(BeTrue())
		_, err := s.Type()
		Expect(err).To(MatchError(net.ErrClosed))
		_, err = s.Family()
		Expect(err).To(MatchError(net.ErrClosed))
		_, err = s.GetsockoptInt(unix.SOL_SOCKET, unix.SO_ERROR)
		Expect(err).To(MatchError(net.ErrClosed))
		Expect(s.SetsockoptInt(unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1)).To(MatchError(net.ErrClosed))
		Expect(s.Shutdown(unix.SHUT_RDWR)).To(MatchError(net.ErrClosed))
		file, err := s.Dup()
		Expect(file).To(BeNil())
		Expect(err).To(MatchError(net.ErrClosed))
	}

	It("gives net.ErrClosed once released, though the descriptor is still open", func() {
		fd, address := listening(loopback)
		s := platform.NewSocket(fd)
		s.Release()
		expectClosed(s)
		s.Release()
		expectClosed(s)
		Expect(localName(fd)).To(Equal(address))
	})

	It("gives net.ErrClosed as a zero value", func() {
		expectClosed(&platform.Socket{})
	})

	It("never reaches the next descriptor of the same number", func() {
		fd, err := platform.OpenSocket(unix.AF_INET, unix.SOCK_STREAM)
		Expect(err).NotTo(HaveOccurred())
		s := platform.NewSocket(fd)
		s.Release()
		next := openSocket(unix.AF_INET, unix.SOCK_STREAM)
		Expect(platform.CloseFD(fd)).To(Succeed())
		Expect(unix.FcntlInt(uintptr(next), unix.F_DUPFD_CLOEXEC, fd)).To(Equal(fd))
		closing(fd)
		Expect(s.SetsockoptInt(unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1)).To(MatchError(net.ErrClosed))
		Expect(unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE)).To(BeZero())
	})

	It("may be asked from any goroutine while its owner closes", func() {
		fd, err := platform.OpenSocket(unix.AF_INET, unix.SOCK_STREAM)
		Expect(err).NotTo(HaveOccurred())
		s := platform.NewSocket(fd)
		var askers sync.WaitGroup
		answers := make([]error, 4)
		for i := range answers {
			askers.Go(func() {
				for answers[i] == nil {
					_, answers[i] = s.Type()
				}
			})
		}
		s.Release()
		Expect(platform.CloseFD(fd)).To(Succeed())
		askers.Wait()
		Expect(answers).To(HaveEach(net.ErrClosed))
	})

	It("is refused by the kernel on what is no socket", func() {
		fds := make([]int, 2)
		Expect(unix.Pipe(fds)).To(Succeed())
		closing(fds[1])
		s := platform.NewSocket(closing(fds[0]))
		Expect(s.LocalAddr() == nil).To(BeTrue())
		_, err := s.Type()
		Expect(err).To(MatchError(unix.ENOTSOCK))
	})
})
