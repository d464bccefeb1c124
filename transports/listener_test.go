package transports_test

import (
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
	"github.com/tidemill-go/tidemill/transports"
	"github.com/tidemill-go/tidemill/transports/memory"
)

var _ = onBothStyles("Listener", func(newHost func() *memory.Host) {
	var (
		host    *memory.Host
		port    *memory.Port
		l       *transports.Listener
		made    []*recorder.Stream
		factory func() protocols.Protocol
		client  = address("192.0.2.7:4711")
	)
	BeforeEach(func() {
		host = newHost()
		port, made = host.NewPort(), nil
		factory = func() protocols.Protocol {
			made = append(made, &recorder.Stream{})
			return made[len(made)-1]
		}
		var err error
		l, err = transports.Listen(host, port.FD(), transports.ListenerConfig{
			Factory: func() protocols.Protocol { return factory() },
			Local:   address("192.0.2.1:80"),
		})
		Expect(err).NotTo(HaveOccurred())
	})
	counts := func() []uint64 {
		accepted, pauses := l.Counts()
		return []uint64{accepted, pauses}
	}

	It("makes a protocol and a stream of each connection", func() {
		far := port.Dial(client)
		_, err := far.Write([]byte("hello"))
		Expect(err).NotTo(HaveOccurred())
		host.RunUntilIdle()
		Expect(made).To(HaveLen(1))
		Expect(made[0].String()).To(Equal("made data(5)"))
		Expect(counts()).To(Equal([]uint64{1, 0}))
	})

	It("calls the factories of what waits together before the first ConnectionMade", func() {
		for range 3 {
			port.Dial(client)
		}
		host.Step()
		Expect(made).To(HaveLen(3))
		Expect(made).To(HaveEach(HaveField("String()", "")))
		host.Step()
		Expect(made).To(HaveEach(HaveField("String()", "made")))
	})

	It("knows its address, and its connections know theirs", func() {
		port.Dial(client)
		host.RunUntilIdle()
		Expect(l.Addr()).To(Equal(address("192.0.2.1:80")))
		t := made[0].Transport()
		Expect(t.LocalAddr().String()).To(Equal("192.0.2.1:80"))
		Expect(t.RemoteAddr().String()).To(Equal("192.0.2.7:4711"))
	})

	It("fails with the driver's error for what does not listen", func() {
		_, err := transports.Listen(host, -1, transports.ListenerConfig{Local: address("192.0.2.1:80")})
		Expect(err).To(Equal(syscall.EBADF))
	})

	It("fails if the address can not be asked for", func() {
		_, err := transports.Listen(host, host.NewPort().FD(), transports.ListenerConfig{})
		Expect(err).To(Equal(errNoSuch))
	})

	DescribeTable("rests for a second after an error and then goes on", func(errno syscall.Errno, message string) {
		port.Fail(errno)
		port.Dial(client)
		host.RunUntilIdle()
		Expect(host.Failures()).To(ConsistOf(transports.Failure{Message: message, Err: errno, Socket: l.Socket()}))
		Expect(made).To(BeEmpty())
		Expect(counts()).To(Equal([]uint64{0, 1}))
		host.Advance(time.Second - time.Nanosecond)
		Expect(made).To(BeEmpty())
		host.Advance(time.Nanosecond)
		Expect(made).To(HaveLen(1))
		host.Advance(time.Hour)
		Expect(port.Resumed()).To(Equal(1))
		Expect(host.Failures()).To(HaveLen(1))
	},
		Entry("EMFILE", syscall.EMFILE, "accept is out of descriptors or memory, pausing"),
		Entry("ENFILE", syscall.ENFILE, "accept is out of descriptors or memory, pausing"),
		Entry("any other", syscall.EINVAL, "accept failed"),
	)

	It("reports and rests once for each error, as long as they last", func() {
		for range 3 {
			port.Fail(syscall.EMFILE)
		}
		port.Dial(client)
		host.Advance(10 * time.Second)
		Expect(host.Failures()).To(HaveLen(3))
		Expect(counts()).To(Equal([]uint64{1, 3}))
		Expect(port.Resumed()).To(Equal(3))
	})

	Context("whose factory fails", func() {
		fail := map[string]func() protocols.Protocol{
			"panics":      func() protocols.Protocol { panic("boom") },
			"returns nil": func() protocols.Protocol { return nil },
		}
		DescribeTable("goes on silently when it", func(how string) {
			good := factory
			factory = fail[how]
			port.Dial(client)
			host.RunUntilIdle()
			factory = good
			port.Dial(client)
			host.RunUntilIdle()
			Expect(made).To(HaveLen(1))
			Expect(made[0].String()).To(Equal("made"))
			Expect(host.Failures()).To(BeEmpty())
			Expect(counts()).To(Equal([]uint64{2, 0}))
		}, Entry("panics", "panics"), Entry("returns nil", "returns nil"))

		It("reports a panic in debug mode", func() {
			host.SetDebug(true)
			factory = fail["panics"]
			port.Dial(client)
			host.RunUntilIdle()
			Expect(host.Failures()).To(HaveExactElements(SatisfyAll(
				HaveField("Err", BeAssignableToTypeOf(&future.PanicError{})),
				HaveField("Socket", BeIdenticalTo(l.Socket())), HaveField("Callback", false))))
		})

		It("reports a nil protocol in debug mode", func() {
			host.SetDebug(true)
			factory = fail["returns nil"]
			port.Dial(client)
			host.RunUntilIdle()
			Expect(host.Failures()).To(HaveExactElements(HaveField("Err", MatchError(ContainSubstring("returned nil")))))
		})
	})

	It("reports a connection that the driver refuses and goes on", func() {
		near, far := host.Pair(0)
		near.Refuse(syscall.ENOSPC)
		port.Offer(near.FD(), client)
		port.Dial(client)
		host.RunUntilIdle()
		Expect(host.Failures()).To(HaveExactElements(SatisfyAll(
			HaveField("Err", MatchError(syscall.ENOSPC)), HaveField("Socket", BeIdenticalTo(l.Socket())))))
		Expect(far.Ended()).To(BeTrue())
		Expect(made).To(HaveExactElements(HaveField("String()", ""), HaveField("String()", "made")))
	})

	Context("on Close", func() {
		It("closes its descriptor, resets what nobody has accepted and leaves the others alone", func() {
			port.Dial(client)
			host.RunUntilIdle()
			late := port.Dial(client)
			l.Close()
			host.RunUntilIdle()
			Expect(port.IsClosed()).To(BeTrue())
			Expect(made).To(HaveExactElements(HaveField("String()", "made")))
			_, err := late.ReadAll()
			Expect(err).To(Equal(syscall.ECONNRESET))
			Expect(l.Socket().FD()).To(Equal(^uintptr(0)))
		})

		It("does nothing the second time", func() {
			l.Close()
			other := host.NewPort()
			_, err := transports.Listen(host, other.FD(), transports.ListenerConfig{Factory: factory, Local: l.Addr()})
			Expect(err).NotTo(HaveOccurred())
			l.Close()
			host.RunUntilIdle()
			Expect(other.IsClosed()).To(BeFalse())
		})

		It("ends a pause", func() {
			port.Fail(syscall.EMFILE)
			host.RunUntilIdle()
			Expect(host.Timers()).To(Equal(1))
			l.Close()
			Expect(host.Timers()).To(BeZero())
			host.Advance(time.Minute)
			Expect(port.Resumed()).To(BeZero())
		})
	})
})
