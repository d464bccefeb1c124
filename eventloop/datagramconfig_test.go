package eventloop_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

func newDatagramRecorder() protocols.DatagramProtocol { return &recorder.Datagram{} }

// addresses is a Resolver with an answer.
type addresses []string

func (a addresses) LookupNetIP(context.Context, string, string) (all []netip.Addr, err error) {
	for _, text := range a {
		all = append(all, netip.MustParseAddr(text))
	}
	return all, nil
}

func (a addresses) LookupPort(_ context.Context, network, service string) (int, error) {
	if network == "udp" && service == "spec" {
		return 0, nil
	}
	return 0, &net.DNSError{Err: "unknown", Name: network + "/" + service}
}

// batchNotes is a BatchDatagramProtocol that sends copies of what it gets.
type batchNotes struct {
	protocols.DatagramBase
	got chan protocols.Datagram
}

func (b *batchNotes) DatagramsReceived(batch []protocols.Datagram) {
	for _, d := range batch {
		d.Data = append([]byte(nil), d.Data...)
		b.got <- d
	}
}

const wineBinds = "Wine: a socket can be bound to an address that this machine does not have"

func datagramConfigSpecs(kind string) {
	Describe("CreateDatagramEndpoint", func() {
		DescribeTable("refuses wrong arguments at once, and opens nothing",
			func(cfg *eventloop.DatagramConfig, matcher OmegaMatcher) {
				w := newWorld(kind)
				f := w.CreateDatagramEndpoint(newDatagramRecorder, cfg)
				Expect(f.Done()).To(BeTrue())
				if cfg != nil && cfg.Network == "unixgram" && !offers(kind, platform.CreateDatagramEndpointUnix) {
					Expect(f.Err()).To(MatchError(errors.ErrUnsupported))
					return
				}
				Expect(f.Err()).To(And(matcher, is[*net.OpError]()))
			},
			Entry("no configuration", nil, MatchError(os.ErrInvalid)), // I1
			Entry("neither an address nor a family", &eventloop.DatagramConfig{Network: "udp"}, MatchError(os.ErrInvalid)),
			Entry("an unknown network", &eventloop.DatagramConfig{Network: "udp5"}, is[net.UnknownNetworkError]()),
			Entry("a stream's network", &eventloop.DatagramConfig{Network: "tcp", LocalAddr: "127.0.0.1:0"}, is[net.UnknownNetworkError]()),
			Entry("a local address without a port", &eventloop.DatagramConfig{LocalAddr: "127.0.0.1"}, is[*net.AddrError]()), // I4
			Entry("a remote port beyond 65535", &eventloop.DatagramConfig{RemoteAddr: "127.0.0.1:65536"}, is[*net.AddrError]()),
			Entry("an address of the other family", &eventloop.DatagramConfig{Network: "udp6", LocalAddr: "127.0.0.1:0"}, is[*net.AddrError]()),
			Entry("a path that is too long", &eventloop.DatagramConfig{Network: "unixgram", LocalAddr: string(make([]byte, 200))}, is[*net.AddrError]()),
			Entry("PacketInfo on a Unix socket", &eventloop.DatagramConfig{Network: "unixgram", PacketInfo: true}, MatchError(os.ErrInvalid)),
			Entry("a low watermark above the high one",
				&eventloop.DatagramConfig{LocalAddr: "127.0.0.1:0", WriteBufferLimits: protocols.Watermarks{Low: 2, High: 1}},
				MatchError(protocols.ErrInvalidWatermarks)),
		)

		It("refuses a nil factory, and on a closed loop everything", func() {
			w := newWorld(kind)
			Expect(w.CreateDatagramEndpoint(nil, &onLoopback).Err()).To(MatchError(ContainSubstring("nil protocol factory")))
			Expect(w.Close()).To(Succeed())
			Expect(w.CreateDatagramEndpoint(newDatagramRecorder, &onLoopback).Err()).To(MatchError(eventloop.ErrLoopClosed))
		})

		DescribeTable("fails on the loop, with everything closed again",
			func(ctx SpecContext, factory func() protocols.DatagramProtocol, cfg eventloop.DatagramConfig, matcher OmegaMatcher) {
				if onWine() && (cfg.LocalAddr == "203.0.113.1:0" || cfg.LocalAddr == "many:0") {
					Skip(wineBinds)
				}
				w := newRealWorld(kind)
				w.background()
				_, err := w.CreateDatagramEndpoint(factory, &cfg).Await(ctx)
				Expect(err).To(And(matcher, is[*net.OpError]()))
			},
			Entry("addresses without a family in common", newDatagramRecorder, // I6
				eventloop.DatagramConfig{LocalAddr: "[::1]:0", RemoteAddr: "127.0.0.1:9"}, MatchError(os.ErrInvalid), bounded),
			Entry("an address that this machine does not have", newDatagramRecorder,
				eventloop.DatagramConfig{LocalAddr: "203.0.113.1:0"}, MatchError(errNoAddress), bounded),
			Entry("several of them: the first error", newDatagramRecorder, // I7
				eventloop.DatagramConfig{LocalAddr: "many:0", Resolver: addresses{"203.0.113.1", "203.0.113.2"}},
				And(MatchError(errNoAddress), MatchError(ContainSubstring("203.0.113.1"))), bounded),
			Entry("a name that nobody knows", newDatagramRecorder,
				eventloop.DatagramConfig{RemoteAddr: "localhost:no such service"}, is[*net.DNSError](), bounded),
			Entry("a factory that returns nil", func() protocols.DatagramProtocol { return nil }, onLoopback,
				MatchError(ContainSubstring("returned nil")), bounded),
			Entry("a factory that panics", func() protocols.DatagramProtocol { panic("on purpose") }, onLoopback,
				is[*eventloop.PanicError](), bounded),
		)

		It("takes the first address that works", func(ctx SpecContext) { // I7
			if onWine() {
				Skip(wineBinds)
			}
			w := newRealWorld(kind)
			w.background()
			t := datagramEndpoint(ctx, w, &recorder.Datagram{}, eventloop.DatagramConfig{
				LocalAddr: "several:spec", Resolver: addresses{"203.0.113.1", "127.0.0.2", "127.0.0.1"},
			})
			Expect(t.LocalAddr().(*net.UDPAddr).IP.String()).To(Equal("127.0.0.2"))
		}, bounded)

		It("refuses an address in use, unless both have ReusePort", func(ctx SpecContext) { // I9
			w := newRealWorld(kind)
			w.background()
			shared := eventloop.DatagramConfig{LocalAddr: "127.0.0.1:0", ReusePort: true}
			if !offers(kind, platform.ReusePort) {
				_, err := w.CreateDatagramEndpoint(newDatagramRecorder, &shared).Await(ctx)
				Expect(err).To(MatchError(errors.ErrUnsupported))
				return
			}
			first := datagramEndpoint(ctx, w, &recorder.Datagram{}, shared)
			again := eventloop.DatagramConfig{LocalAddr: first.LocalAddr().String()}
			_, err := w.CreateDatagramEndpoint(newDatagramRecorder, &again).Await(ctx)
			Expect(err).To(MatchError(errInUse))
			again.ReusePort = true
			second := datagramEndpoint(ctx, w, &recorder.Datagram{}, again)
			Expect(second.LocalAddr()).To(Equal(first.LocalAddr()))
		}, bounded)

		It("closes what it has opened when it is cancelled", func(ctx SpecContext) {
			w, p := newRealWorld(kind), &recorder.Datagram{}
			w.background()
			w.on(ctx, func() {
				w.CreateDatagramEndpoint(func() protocols.DatagramProtocol { return p }, &onLoopback).Cancel()
			})
			Eventually(ctx, p.String).Should(Equal("made lost(nil)"))
		}, bounded)

		It("serves IPv4 and IPv6 on all interfaces with one socket", func(ctx SpecContext) {
			lacksIPv6()
			w, p := newRealWorld(kind), replying()
			w.background()
			t := datagramEndpoint(ctx, w, p, eventloop.DatagramConfig{LocalAddr: ":0"})
			port := t.LocalAddr().(*net.UDPAddr).Port
			four, six := udpPeer(), udp6Peer()
			says(four, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}, "four")
			Expect(heard(four)).To(Equal("four"))
			says(six, &net.UDPAddr{IP: net.IPv6loopback, Port: port}, "six")
			Expect(heard(six)).To(Equal("six"))
			Expect(p.Events()[1].From).To(Equal(four.LocalAddr()), "an IPv4 sender looks like one")
			Expect(p.Events()[2].From).To(Equal(six.LocalAddr()))
		}, bounded)

		It("leaves IPv4 to others with udp6", func(ctx SpecContext) {
			lacksIPv6()
			w := newRealWorld(kind)
			w.background()
			t := datagramEndpoint(ctx, w, &recorder.Datagram{}, eventloop.DatagramConfig{Network: "udp6", LocalAddr: ":0"})
			port := t.LocalAddr().(*net.UDPAddr).Port
			four, err := net.ListenUDP("udp4", &net.UDPAddr{Port: port})
			Expect(err).NotTo(HaveOccurred())
			Expect(four.Close()).To(Succeed())
		}, bounded)

		It("tells destination and interface of each datagram with PacketInfo", func(ctx SpecContext) { // field.md 40
			w := newRealWorld(kind)
			if err := w.Capabilities().Check(platform.PacketInfo); err != nil {
				Expect(w.CreateDatagramEndpoint(newDatagramRecorder, &eventloop.DatagramConfig{PacketInfo: true}).Err()).To(MatchError(err))
				return
			}
			w.background()
			p := &batchNotes{got: make(chan protocols.Datagram, 10)}
			t := datagramEndpoint(ctx, w, p, eventloop.DatagramConfig{LocalAddr: "0.0.0.0:0", PacketInfo: true})
			port := t.LocalAddr().(*net.UDPAddr).Port
			peer := udpPeer()
			says(peer, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 7), Port: port}, "x")
			var d protocols.Datagram
			Eventually(ctx, p.got).Should(Receive(&d))
			Expect(string(d.Data)).To(Equal("x"))
			Expect(d.Destination).To(Equal(netip.MustParseAddr("127.0.0.7")))
			Expect(d.Addr.String()).To(Equal(peer.LocalAddr().String()))
			ifi, err := net.InterfaceByIndex(d.Interface)
			Expect(err).NotTo(HaveOccurred())
			Expect(ifi.Flags & net.FlagLoopback).NotTo(BeZero())
		}, bounded)

		It("joins multicast groups, sends to them, and leaves them", func(ctx SpecContext) {
			w, p := newRealWorld(kind), &recorder.Datagram{}
			w.background()
			lo := loopbackInterface()
			group := netip.MustParseAddr("239.255.77.77")
			member := datagramEndpoint(ctx, w, p, eventloop.DatagramConfig{LocalAddr: "0.0.0.0:0"})
			sender := datagramEndpoint(ctx, w, &recorder.Datagram{}, onLoopback)
			to := netip.AddrPortFrom(group, uint16(member.LocalAddr().(*net.UDPAddr).Port))
			var errs []error
			w.on(ctx, func() {
				s, m := sender.(protocols.MulticastTransport), member.(protocols.MulticastTransport)
				errs = append(errs,
					m.JoinGroup(group, lo), s.SetMulticastInterface(lo), s.SetMulticastTTL(1), s.SetMulticastLoopback(true),
					sender.SendToAddrPort([]byte("to the group"), to))
			})
			Expect(errs).To(HaveEach(Succeed()))
			Eventually(ctx, p.Datagrams).Should(Equal([]string{"to the group"}))
			var again error
			w.on(ctx, func() {
				m := member.(protocols.MulticastTransport)
				errs = []error{m.LeaveGroup(group, lo)}
				again = m.LeaveGroup(group, lo)
			})
			Expect(errs).To(HaveEach(Succeed()))
			Expect(again).To(And(is[*net.OpError](), Or(MatchError(errNoAddress), MatchError(errNoMember))))
		}, bounded)
	})

	Describe("a Socket that is given to CreateDatagramEndpoint", func() {
		DescribeTable("serves, and is closed for its owner",
			func(ctx SpecContext, handOver func(c *net.UDPConn) io.Closer) {
				w, own := newRealWorld(kind), udpPeer()
				w.background()
				local, given := own.LocalAddr(), handOver(own)
				t := datagramEndpoint(ctx, w, replying(), eventloop.DatagramConfig{Socket: given})
				Expect(t.LocalAddr()).To(Equal(local))
				peer := udpPeer()
				says(peer, local, "hello")
				Expect(heard(peer)).To(Equal("hello"))
				Expect(given.Close()).NotTo(Succeed(), "it is closed already")
			},
			Entry("a *net.UDPConn", func(c *net.UDPConn) io.Closer { return c }, bounded),
			Entry("an *os.File", func(c *net.UDPConn) io.Closer { return asFile(c) }, bounded),
		)

		It("keeps its peer", func(ctx SpecContext) {
			w, p, peer := newRealWorld(kind), &recorder.Datagram{}, udpPeer()
			w.background()
			own, err := net.Dial("udp4", peer.LocalAddr().String())
			Expect(err).NotTo(HaveOccurred())
			t := datagramEndpoint(ctx, w, p, eventloop.DatagramConfig{Socket: own})
			Expect(t.RemoteAddr()).To(Equal(peer.LocalAddr()))
			w.on(ctx, func() { _ = t.SendTo([]byte("hello"), nil) })
			Expect(heard(peer)).To(Equal("hello"))
		}, bounded)

		It("stays with its owner when it is refused", func() { // I2, I3
			w, own := newWorld(kind), udpPeer()
			f := w.CreateDatagramEndpoint(newDatagramRecorder, &eventloop.DatagramConfig{Socket: own, LocalAddr: "127.0.0.1:0", Broadcast: true})
			Expect(f.Err()).To(And(MatchError(os.ErrInvalid), MatchError(ContainSubstring("LocalAddr, Broadcast"))))
			says(own, own.LocalAddr(), "still mine")
			Expect(heard(own)).To(Equal("still mine"))

			stream, _ := connected()
			f = w.CreateDatagramEndpoint(newDatagramRecorder, &eventloop.DatagramConfig{Socket: stream})
			Expect(f.Err()).To(And(MatchError(os.ErrInvalid), MatchError(ContainSubstring("not a datagram socket"))))
			Expect(stream.Close()).To(Succeed())

			f = w.CreateDatagramEndpoint(newDatagramRecorder, &eventloop.DatagramConfig{Socket: regularFile()})
			Expect(f.Err()).To(MatchError(os.ErrInvalid))
		})

		It("is closed when its caller gives up before its turn", func() {
			w, own, called := newRealWorld(kind), udpPeer(), false
			factory := func() protocols.DatagramProtocol { called = true; return nil }
			f := w.CreateDatagramEndpoint(factory, &eventloop.DatagramConfig{Socket: own})
			Expect(f.Cancel()).To(BeTrue())
			for range 3 {
				w.once()
			}
			Expect(own.Close()).To(MatchError(net.ErrClosed))
			Expect(called).To(BeFalse())
		})
	})

	DescribeTable("CreateDatagramEndpoint is refused before anything else where there is no such thing",
		func(target platform.Target, op platform.Operation, cfg eventloop.DatagramConfig) {
			w, own, called := newWorld(kind), udpPeer(), false
			eventloop.Pretend(w.Loop, target)
			cfg.Socket = own
			cfg.WriteBufferLimits = protocols.Watermarks{Low: 2, High: 1}
			f := w.CreateDatagramEndpoint(func() protocols.DatagramProtocol { called = true; return nil }, &cfg)
			Expect(f.Done()).To(BeTrue())
			var refusal *platform.UnsupportedError
			Expect(f.Err()).To(BeAssignableToTypeOf(refusal))
			refusal = f.Err().(*platform.UnsupportedError)
			Expect(refusal).To(HaveField("Op", string(op)))
			Expect(refusal.OS).To(Equal(target.OS))
			Expect(refusal.Reason).NotTo(BeEmpty())
			Expect(refusal.Alternative).NotTo(BeEmpty())
			Expect(called).To(BeFalse())
			Expect(own.Close()).To(Succeed(), "it was touched")
		},
		Entry("on a proactor loop of Windows", platform.Target{OS: "windows", Loop: "iocp"}, platform.CreateDatagramEndpoint, onLoopback),
		Entry("on Windows, with a Unix socket", platform.Target{OS: "windows", Loop: "select"}, platform.CreateDatagramEndpointUnix,
			eventloop.DatagramConfig{Network: "unixgram", LocalAddr: "/tmp/s"}),
		Entry("on Windows, with ReusePort", platform.Target{OS: "windows", Loop: "select"}, platform.ReusePort,
			eventloop.DatagramConfig{LocalAddr: "127.0.0.1:0", ReusePort: true}),
		Entry("on macOS, with an abstract name", platform.Target{OS: "darwin", Loop: "kqueue"}, platform.UnixAbstractName,
			eventloop.DatagramConfig{Network: "unixgram", LocalAddr: "@s"}),
		Entry("on FreeBSD, with PacketInfo", platform.Target{OS: "freebsd", Loop: "kqueue"}, platform.PacketInfo,
			eventloop.DatagramConfig{LocalAddr: "127.0.0.1:0", PacketInfo: true}),
	)
}

func udp6Peer() *net.UDPConn {
	GinkgoHelper()
	c, err := net.ListenUDP("udp6", &net.UDPAddr{IP: net.IPv6loopback})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { _ = c.Close() })
	return c
}

func loopbackInterface() *net.Interface {
	GinkgoHelper()
	all, err := net.Interfaces()
	Expect(err).NotTo(HaveOccurred())
	for _, ifi := range all {
		if ifi.Flags&net.FlagLoopback != 0 {
			return &ifi
		}
	}
	Skip("no loopback interface")
	return nil
}
