package transports_test

import (
	"net"
	"os"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
	"github.com/tidemill-go/tidemill/transports"
	"github.com/tidemill-go/tidemill/transports/memory"
)

// socketPair returns a real descriptor to give away and the other end.
func socketPair() (fd int, far net.Conn) {
	GinkgoHelper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	defer l.Close()
	fd, err = platform.OpenSocket(syscall.AF_INET, syscall.SOCK_STREAM)
	Expect(err).NotTo(HaveOccurred())
	Expect(platform.Connect(fd, address(l.Addr().String()))).To(Or(Succeed(), Satisfy(platform.IsInProgress)))
	far, err = l.Accept()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(far.Close)
	return fd, far
}

// These are real, because the code under test closes them with a system call.
var _ = Describe("a descriptor that was handed over", func() {
	var host *memory.Host
	BeforeEach(func() { host, _ = memory.NewReadiness() })

	ended := func(far net.Conn) {
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
		Expect(err).To(beNoSocket())
		Expect(w.Write([]byte("x"))).Error().To(Satisfy(platform.IsDisconnect), "the pipe has a reader")
	})
})
