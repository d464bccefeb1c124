//go:build unix

package transports_test

import (
	"os"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
	"github.com/tidemill-go/tidemill/transports"
	"github.com/tidemill-go/tidemill/transports/memory"
)

// socketPair returns a real descriptor to give away and the other end's file.
func socketPair() (fd int, far *os.File) {
	GinkgoHelper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	Expect(err).NotTo(HaveOccurred())
	unix.CloseOnExec(fds[0])
	unix.CloseOnExec(fds[1])
	Expect(unix.SetNonblock(fds[1], true)).To(Succeed()) // for a deadline
	far = os.NewFile(uintptr(fds[1]), "far")
	DeferCleanup(far.Close)
	return fds[0], far
}

// These are real, because the code under test closes them with a system call.
var _ = Describe("a descriptor that was handed over", func() {
	var host *memory.Host
	BeforeEach(func() { host, _ = memory.NewReadiness() })

	ended := func(far *os.File) {
		GinkgoHelper()
		Expect(far.SetReadDeadline(time.Now().Add(5 * time.Second))).To(Succeed())
		Expect(far.Read(make([]byte, 1))).Error().To(MatchError("EOF"))
	}

	It("is closed when NewStream refuses its limits", func() {
		fd, far := socketPair()
		_, err := transports.NewStream(host, fd, &recorder.Stream{}, transports.StreamConfig{
			WriteBufferLimits: protocols.Watermarks{Low: 2, High: 1},
		})
		Expect(err).To(MatchError(protocols.ErrInvalidWatermarks))
		ended(far)
	})

	DescribeTable("is closed when the factory of its Listener", func(factory func() protocols.Protocol) {
		port := host.NewPort()
		_, err := transports.Listen(host, port.FD(), transports.ListenerConfig{
			Factory: factory, Local: address("192.0.2.1:80"),
		})
		Expect(err).NotTo(HaveOccurred())
		fd, far := socketPair()
		port.Offer(fd, platform.Sockaddr{})
		host.RunUntilIdle()
		ended(far)
	},
		Entry("panics", func() protocols.Protocol { panic("boom") }),
		Entry("returns nil", func() protocols.Protocol { return nil }),
	)

	It("is closed when a Listener can not learn its address", func() {
		r, w, err := os.Pipe()
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(w.Close)
		fd, err := platform.DupFD(int(r.Fd()))
		Expect(err).NotTo(HaveOccurred())
		Expect(r.Close()).To(Succeed())
		_, err = transports.Listen(host, fd, transports.ListenerConfig{})
		Expect(err).To(MatchError(unix.ENOTSOCK))
		Expect(w.Write([]byte("x"))).Error().To(MatchError(unix.EPIPE), "the pipe has a reader")
	})
})
