package platform_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/windows"

	"github.com/tidemill-go/tidemill/platform"
)

// processItself is a handle that is none: the kernel's name of the process.
const processItself = -1

var _ = Describe("CloseFD on Windows", func() {
	It("closes sockets, pipes and files alike, and each once", func() {
		socket, err := platform.OpenSocket(windows.AF_INET, windows.SOCK_STREAM)
		Expect(err).NotTo(HaveOccurred())
		r, w, err := platform.Pipe()
		Expect(err).NotTo(HaveOccurred())
		event, err := windows.CreateEvent(nil, 0, 0, nil)
		Expect(err).NotTo(HaveOccurred())
		for _, fd := range []int{socket, r, w, int(event)} {
			Expect(platform.CloseFD(fd)).To(Succeed())
			Expect(platform.CloseFD(fd)).To(Equal(windows.ERROR_INVALID_HANDLE))
		}
	})

	It("has Winsock forget its sockets", func() {
		fd, err := platform.OpenSocket(windows.AF_INET, windows.SOCK_STREAM)
		Expect(err).NotTo(HaveOccurred())
		Expect(platform.CloseFD(fd)).To(Succeed())
		Expect(windows.Closesocket(windows.Handle(fd))).To(Equal(windows.WSAENOTSOCK))
	})

	It("refuses numbers that the kernel takes for something else", func() {
		for _, fd := range []int{processItself, 0} {
			Expect(platform.CloseFD(fd)).To(Equal(windows.ERROR_INVALID_HANDLE))
			Expect(failure(platform.DupFD(fd))).To(Equal(windows.ERROR_INVALID_HANDLE))
			Expect(failure(platform.FileKind(fd))).To(Equal(windows.ERROR_INVALID_HANDLE))
			Expect(failure(platform.FileIDOf(fd))).To(Equal(windows.ERROR_INVALID_HANDLE))
		}
	})
})

var _ = Describe("DupFD on Windows", func() {
	It("gives a socket that works when the original is gone", func() {
		listener, address := listening(loopback)
		client := connecting(address)
		await(listener, readable)
		fd, _, err := platform.Accept(listener)
		Expect(err).NotTo(HaveOccurred())
		dup, err := platform.DupFD(fd)
		Expect(err).NotTo(HaveOccurred())
		closing(dup)
		Expect(isInherited(dup)).To(BeFalse())
		Expect(platform.SetNonblock(dup)).To(Succeed())
		Expect(platform.CloseFD(fd)).To(Succeed())
		Expect(platform.Send(client, []byte("hi"))).To(Equal(2))
		await(dup, readable)
		Expect(platform.Recv(dup, make([]byte, 8))).To(Equal(2))
	})

	It("gives another end of a pipe", func() {
		r, w, err := platform.OverlappedPipe()
		Expect(err).NotTo(HaveOccurred())
		overlappedEnd(r)
		dup, err := platform.DupFD(w)
		Expect(err).NotTo(HaveOccurred())
		Expect(isInherited(dup)).To(BeFalse())
		Expect(platform.CloseFD(w)).To(Succeed())
		moves(dup, r, "mill")
		Expect(platform.CloseFD(dup)).To(Succeed())
		Expect(newOverlapped(r, make([]byte, 8)).read()).To(Equal(windows.ERROR_BROKEN_PIPE))
	})
})

var _ = Describe("the mode of a handle", func() {
	It("is the handle's: every one has its own", func() {
		r, _ := pipeEnds()
		dup, err := platform.DupFD(r)
		Expect(err).NotTo(HaveOccurred())
		closing(dup)
		id, err := platform.FileIDOf(r)
		Expect(err).NotTo(HaveOccurred())
		Expect(platform.FileIDOf(r)).To(Equal(id))
		Expect(platform.FileIDOf(dup)).NotTo(Equal(id))
	})

	It("is non-blocking from the opening on, or never", func() {
		overlapped, _ := pipeEnds()
		Expect(platform.IsNonblocking(overlapped)).To(BeTrue())
		Expect(platform.SetNonblock(overlapped)).To(Succeed())
		Expect(platform.SetBlocking(overlapped)).To(Succeed())
		Expect(platform.IsNonblocking(overlapped)).To(BeTrue())

		r, w, err := platform.Pipe()
		Expect(err).NotTo(HaveOccurred())
		for _, fd := range []int{closing(r), closing(w)} {
			Expect(platform.IsNonblocking(fd)).To(BeFalse())
			Expect(platform.SetNonblock(fd)).To(BeAssignableToTypeOf(&platform.UnsupportedError{}))
			Expect(platform.SetBlocking(fd)).To(Succeed())
		}
	})

	It("is not told of a socket, and can be set", func() {
		fd := openSocket(windows.AF_INET, windows.SOCK_DGRAM)
		Expect(platform.Bind(fd, loopback)).To(Succeed())
		Expect(platform.IsNonblocking(fd)).To(BeFalse())
		Expect(platform.SetBlocking(fd)).To(Succeed())
		Expect(platform.SetNonblock(fd)).To(Succeed())
		Expect(platform.WouldBlock(failure(platform.Recv(fd, make([]byte, 1))))).To(BeTrue())
	})

	It("is that of nothing where there is no handle", func() {
		Expect(platform.SetNonblock(processItself)).To(Equal(windows.ERROR_INVALID_HANDLE))
		Expect(platform.SetBlocking(processItself)).To(Equal(windows.ERROR_INVALID_HANDLE))
		Expect(failure(platform.IsNonblocking(processItself))).To(Equal(windows.ERROR_INVALID_HANDLE))
	})
})
