package platform_test

import (
	"errors"
	"net"
	"os"
	"sync"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/platform"
)

var _ = Describe("Socket", func() {
	It("tells number, type, family and addresses of a connection", func() {
		client, server := connected()
		s := platform.NewSocket(server)
		Expect(s.FD()).To(Equal(uintptr(server)))
		Expect(s.Type()).To(Equal(syscall.SOCK_STREAM))
		Expect(s.Family()).To(Equal(syscall.AF_INET))
		Expect(s.LocalAddr()).To(Equal(localName(server).NetAddr("tcp")))
		Expect(s.RemoteAddr()).To(Equal(localName(client).NetAddr("tcp")))
	})

	It("has no remote address before it is connected", func() {
		s := platform.NewSocket(openSocket(syscall.AF_INET, syscall.SOCK_DGRAM))
		Expect(s.RemoteAddr() == nil).To(BeTrue())
		Expect(s.LocalAddr()).To(BeAssignableToTypeOf(&net.UDPAddr{}))
	})

	It("asks and sets options", func() {
		_, server := connected()
		s := platform.NewSocket(server)
		Expect(s.SetsockoptInt(syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 1)).To(Succeed())
		Expect(s.GetsockoptInt(syscall.SOL_SOCKET, syscall.SO_KEEPALIVE)).NotTo(BeZero())
	})

	It("says which call the kernel has refused", func() {
		s := platform.NewSocket(openSocket(syscall.AF_INET, syscall.SOCK_STREAM))
		expectSyscallError := func(err error, call string, errno syscall.Errno) {
			GinkgoHelper()
			refused, ok := errors.AsType[*os.SyscallError](err)
			Expect(ok).To(BeTrue(), "%v", err)
			Expect(refused.Syscall).To(Equal(call))
			Expect(err).To(MatchError(errno))
		}
		_, err := s.GetsockoptInt(syscall.SOL_SOCKET, 9999)
		expectSyscallError(err, "getsockopt", errNoSuchOption)
		expectSyscallError(s.SetsockoptInt(syscall.SOL_SOCKET, 9999, 1), "setsockopt", errNoSuchOption)
		expectSyscallError(s.Shutdown(syscall.SHUT_WR), "shutdown", errNotConnected)
	})

	It("shuts one half of the connection", func() {
		client, server := connected()
		Expect(platform.NewSocket(server).Shutdown(syscall.SHUT_WR)).To(Succeed())
		await(client, readable)
		Expect(platform.Recv(client, make([]byte, 1))).To(Equal(0))
		Expect(platform.Send(client, []byte("still open"))).To(Equal(10))
	})

	It("duplicates into a file that outlives it", func() {
		listener, address := listening(loopback)
		client := connecting(address)
		await(listener, readable)
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
		_, err = s.GetsockoptInt(syscall.SOL_SOCKET, syscall.SO_KEEPALIVE)
		Expect(err).To(MatchError(net.ErrClosed))
		Expect(s.SetsockoptInt(syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 1)).To(MatchError(net.ErrClosed))
		Expect(s.Shutdown(syscall.SHUT_RDWR)).To(MatchError(net.ErrClosed))
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

	It("may be asked from any goroutine while its owner closes", func() {
		fd, err := platform.OpenSocket(syscall.AF_INET, syscall.SOCK_STREAM)
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
		fd, _ := pipeEnds()
		s := platform.NewSocket(fd)
		Expect(s.LocalAddr() == nil).To(BeTrue())
		_, err := s.Type()
		Expect(errors.Unwrap(err)).To(sayNoSocket())
	})
})
