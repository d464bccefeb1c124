package platform_test

import (
	"fmt"
	"os"
	"os/signal"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/platform"
)

var _ = Describe("the fast path on Linux", func() {
	It("receives and sends without an allocation, would-block included", func() {
		client, server := connected()
		message, buffer := []byte("64 bytes are what an echo is measured with, give or take a few.."), make([]byte, 256)
		allocations := testing.AllocsPerRun(200, func() {
			if n, err := platform.Send(client, message); n != len(message) || err != nil {
				panic(err)
			}
			for n := 0; n == 0; {
				var err error
				if n, err = platform.Recv(server, buffer); platform.WouldBlock(err) {
					n = 0
				}
			}
			if _, err := platform.Recv(server, buffer); !platform.WouldBlock(err) {
				panic(err)
			}
		})
		Expect(allocations).To(BeZero())
	})

	It("accepts an IP connection without an allocation", func() {
		listener, address := listening(loopback)
		const rounds = 50
		for range rounds + 1 {
			await(connecting(address), unix.POLLOUT)
		}
		var last platform.Sockaddr
		allocations := testing.AllocsPerRun(rounds, func() {
			fd, peer, err := platform.Accept(listener)
			if err != nil {
				panic(err)
			}
			last = peer
			_ = platform.CloseFD(fd)
		})
		Expect(allocations).To(BeZero())
		Expect(last.AddrPort().Addr().IsLoopback()).To(BeTrue())
	})

	It("raises no SIGPIPE when a socket's peer is gone", func() {
		heard := make(chan os.Signal, 1)
		signal.Notify(heard, unix.SIGPIPE)
		defer signal.Stop(heard)
		client, _ := connected()
		Expect(platform.ShutdownWrite(client)).To(Succeed())
		_, err := platform.Send(client, []byte("late"))
		Expect(err).To(Equal(unix.EPIPE))
		Consistently(heard, "50ms").ShouldNot(Receive())
	})

	It("never waits on a socket that somebody has set to blocking", func(ctx SpecContext) {
		fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		Expect(err).NotTo(HaveOccurred())
		closing(fds[0])
		_, err = platform.Recv(closing(fds[1]), make([]byte, 1))
		Expect(platform.WouldBlock(err)).To(BeTrue(), "%v", err)
	}, SpecTimeout(waitLimit))
})

var _ = Describe("an abstract name", func() {
	It("keeps every byte, NULs too", func() {
		name := platform.UnixSockaddr(fmt.Sprintf("@tidemill-%d\x00end", os.Getpid()))
		fd, address := listening(name)
		Expect(address).To(Equal(name))
		connecting(address)
		Expect(platform.LocalName(accepted(fd))).To(Equal(name))
	})

	It("has no file", func() {
		_, address := listening(platform.UnixSockaddr(fmt.Sprintf("@tidemill-no-file-%d", os.Getpid())))
		Expect(address.Path()).To(HavePrefix("@"))
		Expect(address.Path()).NotTo(BeAnExistingFile())
	})
})

var _ = Describe("a descriptor without a file type", func() {
	It("is of unknown kind", func() {
		fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
		Expect(err).NotTo(HaveOccurred())
		Expect(platform.FileKind(closing(fd))).To(Equal(platform.KindUnknown))
	})
})
