package transports_test

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
	"github.com/tidemill-go/tidemill/transports"
	"github.com/tidemill-go/tidemill/transports/memory"
)

// batches notes how many datagrams each call brought.
type batches struct {
	recorder.Datagram
	sizes []int
	got   []string
}

func (b *batches) DatagramsReceived(batch []protocols.Datagram) {
	b.sizes = append(b.sizes, len(batch))
	for _, d := range batch {
		b.got = append(b.got, string(d.Data)+" from "+d.Addr.String())
	}
}

const alice, bob = "192.0.2.1:1", "192.0.2.2:2"

var _ = Describe("Datagram", func() {
	var (
		host *datagramHost
		p    *recorder.Datagram
	)
	BeforeEach(func() {
		host, p = newDatagramHost(), &recorder.Datagram{}
	})

	Describe("the beginning", func() {
		It("has ConnectionMade called in the next iteration, and reads only then", func() { // D2, D3
			_, err := transports.NewDatagram(host, udpSocket(), p, transports.DatagramConfig{Network: "udp"})
			Expect(err).NotTo(HaveOccurred())
			Expect(p.String()).To(BeEmpty())
			Expect(host.post.reading).To(BeFalse())
			host.RunUntilIdle()
			Expect(p.String()).To(Equal("made"))
			Expect(host.post.reading).To(BeTrue())
			host.Do(p.Transport().Abort)
			host.RunUntilIdle()
		})

		It("does not read what ConnectionMade has paused", func() {
			p.OnMade = func(t protocols.DatagramTransport) { t.(protocols.ReadTransport).PauseReading() }
			d := host.endpoint(p, transports.DatagramConfig{})
			Expect(host.post.reading).To(BeFalse())
			host.Do(d.ResumeReading)
			Expect(host.post.reading).To(BeTrue())
		})

		It("is refused by a driver that moves no datagrams, whose descriptor is closed", func() {
			plain, _ := memory.NewCompletion()
			fd := udpSocket()
			_, err := transports.NewDatagram(plain, fd, p, transports.DatagramConfig{Network: "udp"})
			Expect(err).To(MatchError(errors.ErrUnsupported))
			Expect(platform.CloseFD(fd)).To(MatchError(errClosed))
		})

		It("refuses marks that break high >= low, and closes the descriptor", func() {
			fd := udpSocket()
			cfg := transports.DatagramConfig{Network: "udp", WriteBufferLimits: protocols.Watermarks{Low: 2, High: 1}}
			_, err := transports.NewDatagram(host, fd, p, cfg)
			Expect(err).To(MatchError(protocols.ErrInvalidWatermarks))
			Expect(platform.CloseFD(fd)).To(MatchError(errClosed))
		})
	})

	Describe("what is received", func() {
		It("is handed out one by one, with the sender's address", func() { // I11, I12
			host.endpoint(p, transports.DatagramConfig{})
			host.arrive(from(alice, "a", "", "bb"), from(bob, "c"))
			Expect(p.String()).To(Equal("made data(1) data(0) data(2) data(1)"))
			Expect(p.Events()[4].From.String()).To(Equal(bob))
			Expect(p.Events()[4].From).To(BeAssignableToTypeOf(&net.UDPAddr{}))
		})

		It("has the same address value for the same sender", func() {
			host.endpoint(p, transports.DatagramConfig{})
			host.arrive(from(alice, "a"), from(bob, "b"), from(alice, "c"))
			events := p.Events()
			Expect(events[3].From).To(BeIdenticalTo(events[1].From))
			Expect(events[2].From).NotTo(BeIdenticalTo(events[1].From))
		})

		It("goes to a BatchDatagramProtocol whole", func() {
			b := &batches{}
			host.endpoint(b, transports.DatagramConfig{})
			host.arrive(from(alice, "a", ""), from(bob, "b"))
			Expect(b.sizes).To(Equal([]int{3}))
			Expect(b.got).To(Equal([]string{"a from " + alice, " from " + alice, "b from " + bob}))
			Expect(b.String()).To(Equal("made"))
		})

		It("is an error if it was longer than a slot, and the others are delivered", func() {
			host.endpoint(p, transports.DatagramConfig{})
			cut := from(bob, "cut")
			cut[0].Truncated = true
			host.arrive(from(alice, "a"), cut, from(alice, "b"))
			Expect(p.String()).To(Equal(fmt.Sprintf("made data(1) error(%v) data(1)", platform.EMSGSIZE)))
		})

		It("does not end the endpoint if DatagramReceived panics: the next one is delivered", func() { // I20
			p.OnData = func(data []byte, _ net.Addr) {
				if string(data) == "boom" {
					panic("on purpose")
				}
			}
			d := host.endpoint(p, transports.DatagramConfig{})
			host.arrive(from(alice, "boom", "fine"))
			Expect(p.String()).To(Equal("made data(4) data(4)"))
			Expect(d.IsClosing()).To(BeFalse())
			failures := host.Failures()
			Expect(failures).To(HaveLen(1))
			Expect(failures[0].Callback).To(BeTrue())
			Expect(failures[0].Transport).To(BeNil())
			Expect(failures[0].Err).To(BeAssignableToTypeOf(&future.PanicError{}))
		})

		It("is overwritten in debug mode once it is handed out", func() {
			host.SetDebug(true)
			host.endpoint(p, transports.DatagramConfig{})
			batch := from(alice, "abc")
			host.arrive(batch)
			Expect(batch[0].Data).To(HaveEach(byte(0xDB)))
			Expect(p.Datagrams()).To(Equal([]string{"abc"}))
		})

		It("is no longer delivered after Close", func() {
			p.OnData = func([]byte, net.Addr) { _ = p.Transport().Close() }
			host.endpoint(p, transports.DatagramConfig{})
			host.arrive(from(alice, "a", "b"))
			host.RunUntilIdle()
			Expect(p.String()).To(Equal("made data(1) lost(nil)"))
		})

		It("is no error any more, either, after Close", func() {
			p.OnData = func([]byte, net.Addr) { _ = p.Transport().Close() }
			host.endpoint(p, transports.DatagramConfig{})
			cut := from(bob, "cut")
			cut[0].Truncated = true
			host.arrive(append(from(alice, "a"), cut...))
			host.Do(func() { host.post.sink.ReceiveFailed(syscall.ECONNREFUSED) })
			host.RunUntilIdle()
			Expect(p.String()).To(Equal("made data(1) lost(nil)"))
		})

		It("goes on after an error of a receive", func() { // I16
			d := host.endpoint(p, transports.DatagramConfig{})
			host.Do(func() { host.post.sink.ReceiveFailed(syscall.ECONNREFUSED) })
			host.arrive(from(alice, "a"))
			Expect(p.String()).To(Equal("made error(connection refused) data(1)"))
			failed, _ := errors.AsType[*net.OpError](p.Events()[1].Err)
			Expect(failed).NotTo(BeNil())
			Expect(failed.Source).To(Equal(d.LocalAddr()))
		})

		It("ends with the error of a socket that can not be watched", func() {
			host.endpoint(p, transports.DatagramConfig{})
			host.Do(func() { host.post.sink.Broken(syscall.ENOMEM) })
			host.RunUntilIdle()
			Expect(p.String()).To(Equal("made lost(cannot allocate memory)"))
		})
	})

	Describe("paused reading", func() {
		It("holds the rest of a batch and delivers it first, in order", func() {
			p.OnData = func(data []byte, _ net.Addr) {
				if string(data) == "b" {
					p.Transport().(protocols.ReadTransport).PauseReading()
				}
			}
			d := host.endpoint(p, transports.DatagramConfig{})
			batch := from(alice, "a", "b", "c", "d")
			host.arrive(batch)
			copy(batch[2].Data, "x") // its memory is the driver's again
			Expect(p.Datagrams()).To(Equal([]string{"a", "b"}))
			Expect(d.IsReading()).To(BeFalse())
			Expect(host.post.reading).To(BeFalse())
			p.OnData = nil
			host.Do(d.ResumeReading)
			Expect(p.Datagrams()).To(Equal([]string{"a", "b"}), "ResumeReading delivers nothing itself")
			host.RunUntilIdle()
			Expect(p.Datagrams()).To(Equal([]string{"a", "b", "c", "d"}))
			Expect(host.post.reading).To(BeTrue())
		})

		It("holds no errors", func() {
			p.OnData = func([]byte, net.Addr) { p.Transport().(protocols.ReadTransport).PauseReading() }
			d := host.endpoint(p, transports.DatagramConfig{})
			cut := from(bob, "cut")
			cut[0].Truncated = true
			host.arrive(from(alice, "a", "bb"), cut)
			host.Do(func() { host.post.sink.ReceiveFailed(syscall.ECONNREFUSED) })
			paused := fmt.Sprintf("made data(1) error(%v) error(connection refused)", platform.EMSGSIZE)
			Expect(p.String()).To(Equal(paused))
			p.OnData = nil
			host.Do(d.ResumeReading)
			host.RunUntilIdle()
			Expect(p.String()).To(Equal(paused + " data(2)"))
		})

		It("drops what is held when the endpoint is closed", func() {
			p.OnData = func([]byte, net.Addr) { p.Transport().(protocols.ReadTransport).PauseReading() }
			d := host.endpoint(p, transports.DatagramConfig{})
			host.arrive(from(alice, "a", "b"))
			host.Do(func() { _ = d.Close() }, d.ResumeReading)
			host.RunUntilIdle()
			Expect(p.String()).To(Equal("made data(1) lost(nil)"))
		})
	})

	Describe("the names", func() {
		It("are those of a socket without a peer", func() { // D24, I26
			d := host.endpoint(p, transports.DatagramConfig{})
			Expect(d.LocalAddr().Network()).To(Equal("udp"))
			Expect(d.ExtraInfo("sockname")).To(Equal(d.LocalAddr()))
			Expect(d.RemoteAddr() == nil).To(BeTrue())
			Expect(d.ExtraInfo("peername")).To(BeNil())
			Expect(d.ExtraInfo("socket")).To(BeAssignableToTypeOf(&platform.Socket{}))
			Expect(d.ExtraInfo("pipe")).To(BeNil())
			Expect(d.Protocol()).To(BeIdenticalTo(protocols.DatagramProtocol(p)))
		})

		It("tell the peer of a connected one, also after the end", func() {
			d := host.endpoint(p, transports.DatagramConfig{Remote: address(alice)})
			host.Do(d.Abort)
			host.RunUntilIdle()
			Expect(d.ExtraInfo("peername").(net.Addr).String()).To(Equal(alice))
			Expect(d.ExtraInfo("socket").(*platform.Socket).FD()).To(Equal(^uintptr(0)))
			Expect(d.Protocol()).To(BeNil())
		})

		It("are kept for those who go on sending, however many others come", func() {
			host.endpoint(p, transports.DatagramConfig{})
			host.arrive(from(alice, "first"), from(bob, "once"))
			for port := range 5000 {
				crowd := netip.AddrPortFrom(netip.MustParseAddr("198.51.100.1"), uint16(port))
				host.arrive(from(crowd.String(), "x"))
				if port%500 == 0 {
					host.arrive(from(alice, "still"))
				}
			}
			host.arrive(from(alice, "still"), from(bob, "again"))
			events := p.Events()
			last := len(events) - 1
			Expect(events[last-1].From).To(BeIdenticalTo(events[1].From))
			Expect(events[last].From).To(Equal(events[2].From))
			Expect(events[last].From).NotTo(BeIdenticalTo(events[2].From), "forgotten and learnt anew")
		})
	})
})
