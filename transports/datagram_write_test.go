package transports_test

import (
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
	"github.com/tidemill-go/tidemill/transports"
)

var _ = Describe("Datagram, sending", func() {
	var (
		host *datagramHost
		p    *recorder.Datagram
		to   = udpAddr(alice)
	)
	BeforeEach(func() {
		host, p = newDatagramHost(), &recorder.Datagram{}
	})
	sent := func() []string { return host.post.sent }

	It("is immediate outside a batch", func() { // I14
		d := host.endpoint(p, transports.DatagramConfig{})
		host.Do(func() {
			Expect(d.SendTo([]byte("a"), to)).To(Succeed())
			Expect(d.SendToAddrPort([]byte("b"), netip.MustParseAddrPort(bob))).To(Succeed())
			Expect(sent()).To(Equal([]string{"a to " + alice, "b to " + bob}))
			Expect(d.WriteBufferSize()).To(BeZero())
		})
	})

	It("sends an empty datagram", func() { // I13
		d := host.endpoint(p, transports.DatagramConfig{})
		Expect(host.sends(d, to, "")).To(BeEmpty())
		Expect(sent()).To(Equal([]string{" to " + alice}))
	})

	Describe("while a batch is being handed out", func() {
		var d *transports.Datagram
		BeforeEach(func() {
			p.OnData = func(data []byte, from net.Addr) { _ = d.SendTo(data, from) }
			d = host.endpoint(p, transports.DatagramConfig{})
		})

		It("collects what leaves together at its end, in order", func() {
			var early []string
			p.OnData = func(data []byte, from net.Addr) {
				_ = d.SendTo(data, from)
				early = append(early, sent()...)
			}
			host.arrive(from(alice, "a", "b"), from(bob, "", "c"))
			Expect(early).To(BeEmpty())
			Expect(sent()).To(Equal([]string{"a to " + alice, "b to " + alice, " to " + bob, "c to " + bob}))
			Expect(host.post.calls).To(Equal([]int{4}))
		})

		It("sends what was collected before it tells the size", func() {
			var sizes []int
			p.OnData = func(data []byte, from net.Addr) {
				_ = d.SendTo(data, from)
				sizes = append(sizes, d.WriteBufferSize(), len(sent()))
			}
			host.arrive(from(alice, "a", "b"))
			Expect(sizes).To(Equal([]int{0, 1, 0, 2}))
		})

		It("collects 64 datagrams at most", func() {
			host.arrive(from(alice, many(100, "x")...))
			Expect(sent()).To(HaveLen(100))
			Expect(host.post.calls[0]).To(Equal(64))
		})

		It("does not go over the high mark, which is about what the kernel refuses", func() {
			Expect(d.SetWriteBufferLimits(protocols.Watermarks{High: 10})).To(Succeed())
			host.arrive(from(alice, many(20, "12345")...))
			Expect(sent()).To(HaveLen(20))
			Expect(p.String()).NotTo(ContainSubstring("pause"))
		})

		It("pauses the writer of what the kernel does not take at its end", func() {
			Expect(d.SetWriteBufferLimits(protocols.Watermarks{High: 10})).To(Succeed())
			host.post.refusing(syscall.EAGAIN)
			host.arrive(from(alice, "12345", "12345", "1"))
			Expect(p.String()).To(Equal("made data(5) data(5) data(1) pause"))
			Expect(d.WriteBufferSize()).To(Equal(11))
		})

		It("keeps the address of a datagram before which another one fails", func() {
			long := strings.Repeat("x", 20000)
			host.post.taken = func(payload string) error {
				if payload == "bad" {
					return syscall.EPERM
				}
				return nil
			}
			p.OnError = func(error) { _ = d.SendTo([]byte("report"), udpAddr(bob)) }
			p.OnData = func(data []byte, from net.Addr) {
				_ = d.SendTo(data, from)
				_ = d.SendTo([]byte(long), from)
			}
			host.arrive(from(alice, "bad"))
			Expect(sent()).To(ConsistOf("report to "+bob, long+" to "+alice))
		})

		It("sends a long one at once, so that its error comes inside SendTo", func() {
			long := strings.Repeat("x", 70000)
			host.post.taken = func(payload string) error {
				if len(payload) == 70000 {
					return syscall.EMSGSIZE
				}
				return nil
			}
			before, err := "", error(nil)
			p.OnData = func(data []byte, from net.Addr) {
				_ = d.SendTo(data, from)
				before = p.String()
				err = d.SendTo([]byte(long), from)
				before += " | " + p.String()
			}
			host.arrive(from(alice, "a"))
			Expect(err).NotTo(HaveOccurred())
			Expect(before).To(Equal("made data(1) | made data(1) error(message too long)"))
			Expect(sent()).To(Equal([]string{"a to " + alice}))
		})

		It("sends what was collected when the protocol aborts", func() {
			p.OnData = func(data []byte, from net.Addr) {
				_ = d.SendTo(data, from)
				d.Abort()
			}
			host.arrive(from(alice, "a", "b"))
			Expect(sent()).To(Equal([]string{"a to " + alice}))
		})

		It("sends what was collected before the protocol panicked", func() {
			p.OnData = func(data []byte, from net.Addr) {
				_ = d.SendTo(data, from)
				panic("on purpose")
			}
			host.arrive(from(alice, "a", "b"))
			Expect(sent()).To(Equal([]string{"a to " + alice, "b to " + alice}))
			Expect(host.Failures()).To(HaveLen(2))
		})

		It("tells of a failure at the end, and sends the others", func() {
			host.post.taken = func(payload string) error {
				if payload == "bad" {
					return syscall.EHOSTUNREACH
				}
				return nil
			}
			host.arrive(from(alice, "a", "bad", "b"))
			Expect(sent()).To(Equal([]string{"a to " + alice, "b to " + alice}))
			Expect(p.String()).To(Equal("made data(1) data(3) data(1) error(no route to host)"))
		})
	})

	Describe("a send that fails", func() {
		It("is told to ErrorReceived inside SendTo, and the endpoint stays open", func() { // D10, I16
			d := host.endpoint(p, transports.DatagramConfig{})
			host.post.refusing(syscall.EPERM)
			host.Do(func() {
				Expect(d.SendTo([]byte("a"), to)).To(Succeed())
				Expect(p.String()).To(Equal("made error(operation not permitted)"))
			})
			host.post.taken = nil
			Expect(host.sends(d, to, "b")).To(BeEmpty())
			Expect(sent()).To(Equal([]string{"b to " + alice}))
			failed := p.Events()[1].Err.(*net.OpError)
			Expect(failed.Addr.String()).To(Equal(alice))
		})

		It("may close the endpoint from inside ErrorReceived", func() {
			p.OnError = func(error) { p.Transport().Abort() }
			d := host.endpoint(p, transports.DatagramConfig{})
			host.post.refusing(syscall.EPERM)
			Expect(host.sends(d, to, "a")).To(BeEmpty())
			host.RunUntilIdle()
			Expect(p.String()).To(Equal("made error(operation not permitted) lost(nil)"))
		})

		It("has a panic of ErrorReceived reported, and nothing else", func() {
			p.OnError = func(error) { panic("on purpose") }
			d := host.endpoint(p, transports.DatagramConfig{})
			host.post.refusing(syscall.EPERM)
			Expect(host.sends(d, to, "a")).To(BeEmpty())
			Expect(host.Failures()).To(HaveLen(1))
			Expect(d.IsClosing()).To(BeFalse())
		})
	})

	DescribeTable("queues in order what the kernel does not take now",
		func(refusal error, goOn func(*datagramHost)) { // I14
			d := host.endpoint(p, transports.DatagramConfig{})
			host.post.refusing(refusal)
			Expect(host.sends(d, to, "a", "", "bcd")).To(BeEmpty())
			Expect(d.WriteBufferSize()).To(Equal(4), "payload only")
			Expect(host.post.calls).To(HaveLen(1), "the kernel is asked once")
			host.post.taken = nil
			goOn(host)
			Expect(sent()).To(Equal([]string{"a to " + alice, " to " + alice, "bcd to " + alice}))
			Expect(d.WriteBufferSize()).To(BeZero())
			Expect(p.String()).To(Equal("made"))
		},
		Entry("EAGAIN, until there is room", syscall.EAGAIN, func(h *datagramHost) {
			Expect(h.post.awaiting).To(Equal(1))
			Expect(h.Timers()).To(BeZero())
			h.Do(h.post.sink.Room)
		}),
		Entry("ENOBUFS, for a moment: readiness would not tell", syscall.ENOBUFS, func(h *datagramHost) {
			Expect(h.post.awaiting).To(BeZero())
			h.Advance(2 * time.Millisecond)
			h.RunUntilIdle()
		}),
		Entry("EAGAIN where room was promised, for a moment", syscall.EAGAIN, func(h *datagramHost) {
			h.post.refusing(syscall.EAGAIN)
			h.Do(h.post.sink.Room)
			Expect(h.post.awaiting).To(Equal(1), "room would be promised again at once")
			h.post.taken = nil
			h.Advance(2 * time.Millisecond)
			h.RunUntilIdle()
		}),
	)

	It("tells of a queued datagram that fails, and goes on with the next", func() {
		d := host.endpoint(p, transports.DatagramConfig{})
		host.post.refusing(syscall.EAGAIN)
		host.sends(d, to, "a", "bad", "b")
		host.post.taken = func(payload string) error {
			if payload == "bad" {
				return syscall.EMSGSIZE
			}
			return nil
		}
		host.Do(host.post.sink.Room)
		Expect(sent()).To(Equal([]string{"a to " + alice, "b to " + alice}))
		Expect(p.String()).To(Equal("made error(message too long)"))
	})

	It("keeps no hold of the caller's memory", func() {
		d := host.endpoint(p, transports.DatagramConfig{})
		host.post.refusing(syscall.EAGAIN)
		data := []byte("abc")
		host.Do(func() {
			_ = d.SendTo(data, to)
			copy(data, "xxx")
		})
		host.post.taken = nil
		host.Do(host.post.sink.Room)
		Expect(sent()).To(Equal([]string{"abc to " + alice}))
	})

	Describe("flow control", func() { // I21
		It("pauses strictly over the high mark and resumes at the low one, by the loop", func() {
			d := host.endpoint(p, transports.DatagramConfig{WriteBufferLimits: protocols.Watermarks{Low: 2, High: 4}})
			host.post.refusing(syscall.EAGAIN)
			host.sends(d, to, "12", "34")
			Expect(p.String()).To(Equal("made"))
			host.sends(d, to, "")
			Expect(p.String()).To(Equal("made"))
			host.sends(d, to, "5", "6")
			Expect(p.String()).To(Equal("made pause"))
			left := 2
			host.post.taken = func(string) error {
				if left--; left < 0 {
					return syscall.EAGAIN
				}
				return nil
			}
			host.Do(host.post.sink.Room)
			host.RunUntilIdle()
			Expect(d.WriteBufferSize()).To(Equal(2))
			Expect(p.String()).To(Equal("made pause resume"))
		})

		It("survives a panic of PauseWriting", func() { // D32
			p.OnPause = func() { panic("on purpose") }
			d := host.endpoint(p, transports.DatagramConfig{WriteBufferLimits: protocols.Watermarks{High: protocols.Empty}})
			host.post.refusing(syscall.EAGAIN)
			Expect(host.sends(d, to, "a")).To(BeEmpty())
			Expect(host.Failures()).To(HaveLen(1))
			Expect(host.Failures()[0].Transport).To(BeIdenticalTo(d))
			Expect(d.WriteBufferSize()).To(Equal(1))
		})

		It("pauses inside SetWriteBufferLimits, and refuses marks that break high >= low", func() {
			d := host.endpoint(p, transports.DatagramConfig{})
			Expect(d.WriteBufferLimits()).To(Equal(protocols.Watermarks{Low: 16 << 10, High: 64 << 10}))
			host.post.refusing(syscall.EAGAIN)
			host.sends(d, to, "abc")
			Expect(d.SetWriteBufferLimits(protocols.Watermarks{Low: 2, High: 1})).To(MatchError(protocols.ErrInvalidWatermarks))
			Expect(p.String()).To(Equal("made"))
			Expect(d.SetWriteBufferLimits(protocols.Watermarks{High: 2})).To(Succeed())
			Expect(p.String()).To(Equal("made pause"))
		})

		It("keeps count of what is queued whatever happens to it", func() { // field.md 20
			d := host.endpoint(p, transports.DatagramConfig{WriteBufferLimits: protocols.Watermarks{Low: 100, High: 500}})
			total, n := 0, 0
			host.post.taken = func(payload string) error {
				switch n++; {
				case n%7 == 0:
					return syscall.EMSGSIZE
				case n%3 == 0:
					return syscall.EAGAIN
				}
				total += len(payload)
				return nil
			}
			for i := range 400 {
				host.sends(d, to, strings.Repeat("x", i%50))
				if i%5 == 0 {
					host.Do(host.post.sink.Room)
				}
			}
			host.post.taken = func(payload string) error { total += len(payload); return nil }
			host.Do(host.post.sink.Room)
			host.Advance(2 * time.Millisecond)
			host.RunUntilIdle()
			Expect(d.WriteBufferSize()).To(BeZero())
			words := strings.Fields(p.String())
			pauses, resumes := 0, 0
			for _, w := range words {
				switch w {
				case "pause":
					pauses++
				case "resume":
					resumes++
				}
			}
			Expect(pauses).To(BeNumerically(">", 0))
			Expect(resumes).To(Equal(pauses))
		})
	})

	Describe("the end", func() {
		It("sends what is queued before ConnectionLost(nil), and takes more meanwhile", func() { // I22
			d := host.endpoint(p, transports.DatagramConfig{WriteBufferLimits: protocols.Watermarks{High: 2}})
			host.post.refusing(syscall.EAGAIN)
			host.sends(d, to, "abc", "")
			host.Do(func() { Expect(d.Close()).To(Succeed()) }, func() { Expect(d.Close()).To(Succeed()) })
			Expect(d.IsClosing()).To(BeTrue())
			Expect(host.sends(d, to, "late")).To(BeEmpty())
			host.RunUntilIdle()
			Expect(p.String()).To(Equal("made pause"))
			host.post.taken = nil
			host.Do(host.post.sink.Room)
			host.RunUntilIdle()
			Expect(sent()).To(Equal([]string{"abc to " + alice, " to " + alice, "late to " + alice}))
			Expect(p.String()).To(Equal("made pause resume lost(nil)"))
		})

		It("waits for a queue of nothing but empty datagrams too", func() {
			d := host.endpoint(p, transports.DatagramConfig{})
			host.post.refusing(syscall.EAGAIN)
			host.sends(d, to, "")
			host.Do(func() { _ = d.Close() })
			host.RunUntilIdle()
			Expect(p.String()).To(Equal("made"))
			host.post.taken = nil
			host.Do(host.post.sink.Room)
			host.RunUntilIdle()
			Expect(sent()).To(Equal([]string{" to " + alice}))
			Expect(p.String()).To(Equal("made lost(nil)"))
		})

		It("drops the queue at Abort, also while a Close is flushing", func() { // I23
			d := host.endpoint(p, transports.DatagramConfig{})
			host.post.refusing(syscall.ENOBUFS)
			host.sends(d, to, "abc")
			host.Do(func() { _ = d.Close() }, d.Abort, d.Abort)
			Expect(d.WriteBufferSize()).To(BeZero())
			host.RunUntilIdle()
			Expect(p.String()).To(Equal("made lost(nil)"))
			Expect(host.Timers()).To(BeZero())
		})

		It("drops with net.ErrClosed what comes too late; on a connected endpoint the fifth is warned about", func() { // I24
			d := host.endpoint(p, transports.DatagramConfig{Remote: address(alice)})
			host.Do(d.Abort)
			host.RunUntilIdle()
			for range 4 {
				Expect(host.sends(d, nil, "x")).To(ConsistOf(net.ErrClosed))
			}
			Expect(host.Warnings()).To(BeEmpty())
			host.sends(d, nil, "x", "y")
			Expect(host.Warnings()).To(HaveLen(2))
		})

		It("drops without a warning on an endpoint that is not connected", func() { // I25
			d := host.endpoint(p, transports.DatagramConfig{})
			host.Do(d.Abort)
			host.RunUntilIdle()
			Expect(host.sends(d, to, many(10, "x")...)).To(HaveEach(net.ErrClosed))
			Expect(host.Warnings()).To(BeEmpty())
		})

		It("leaves every method harmless", func() { // D13
			d := host.endpoint(p, transports.DatagramConfig{})
			host.Do(d.Abort)
			host.RunUntilIdle()
			host.Do(func() { _ = d.Close() }, d.Abort, d.PauseReading, d.ResumeReading)
			Expect(d.IsReading()).To(BeFalse())
			Expect(d.WriteBufferSize()).To(BeZero())
			Expect(d.JoinGroup(netip.MustParseAddr("224.0.0.251"), nil)).To(MatchError(net.ErrClosed))
			host.RunUntilIdle()
			Expect(p.String()).To(Equal("made lost(nil)"))
		})
	})

	Describe("the address", func() { // I15
		type call func(*transports.Datagram) error
		addressed := func(a net.Addr) call {
			return func(d *transports.Datagram) error { return d.SendTo([]byte("x"), a) }
		}
		port := func(text string) call {
			return func(d *transports.Datagram) error {
				return d.SendToAddrPort([]byte("x"), netip.MustParseAddrPort(text))
			}
		}
		connected := transports.DatagramConfig{Remote: address(alice)}

		DescribeTable("is accepted",
			func(cfg transports.DatagramConfig, send call, want string) {
				d := host.endpoint(p, cfg)
				host.Do(func() { Expect(send(d)).To(Succeed()) })
				Expect(sent()).To(Equal([]string{want}))
			},
			Entry("none, connected", connected, addressed(nil), "x"),
			Entry("a nil *net.UDPAddr, connected", connected, addressed((*net.UDPAddr)(nil)), "x"),
			Entry("the peer's, connected", connected, addressed(udpAddr(alice)), "x"),
			Entry("the peer's in 16 bytes, connected", connected,
				addressed(&net.UDPAddr{IP: net.ParseIP("192.0.2.1"), Port: 1}), "x"),
			Entry("the zero AddrPort, connected", connected,
				call(func(d *transports.Datagram) error { return d.SendToAddrPort([]byte("x"), netip.AddrPort{}) }), "x"),
			Entry("none, with a default", transports.DatagramConfig{Default: address(bob)}, addressed(nil), "x to "+bob),
			Entry("another than the default", transports.DatagramConfig{Default: address(bob)}, port(alice), "x to "+alice),
			Entry("IPv4 mapped into IPv6, on IPv4", transports.DatagramConfig{}, port("[::ffff:192.0.2.1]:1"), "x to "+alice),
		)

		DescribeTable("is refused with a *net.AddrError, and nothing is sent",
			func(cfg transports.DatagramConfig, send call) {
				d := host.endpoint(p, cfg)
				host.Do(func() {
					err := send(d)
					Expect(err).To(BeAssignableToTypeOf(&net.AddrError{}))
					Expect(err.Error()).NotTo(BeEmpty())
				})
				Expect(sent()).To(BeEmpty())
				Expect(p.String()).To(Equal("made"))
			},
			Entry("another than the peer's, connected", connected, addressed(udpAddr(bob))),
			Entry("another port than the peer's, connected", connected, port("192.0.2.1:9")),
			Entry("none, not connected", transports.DatagramConfig{}, addressed(nil)),
			Entry("without an IP address", transports.DatagramConfig{}, addressed(&net.UDPAddr{Port: 1})),
			Entry("IPv6 on IPv4", transports.DatagramConfig{}, port("[2001:db8::1]:1")),
			Entry("a Unix address on UDP", transports.DatagramConfig{}, addressed(&net.UnixAddr{Name: "/x", Net: "unixgram"})),
			Entry("a TCP address", transports.DatagramConfig{}, addressed(&net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1})),
		)
	})

	It("is refused in debug mode off the loop", func() { // E35
		d := host.endpoint(p, transports.DatagramConfig{})
		host.SetDebug(true)
		var errs []error
		host.Elsewhere(func() {
			errs = append(errs, d.SendTo([]byte("x"), to), d.SendToAddrPort([]byte("x"), netip.MustParseAddrPort(alice)))
		})
		Expect(errs).To(HaveEach(MatchError(future.ErrInvalidState)))
		Expect(sent()).To(BeEmpty())
		host.SetDebug(false)
	})

	It("asks the kernel for nothing on multicast with wrong arguments", func() {
		d := host.endpoint(p, transports.DatagramConfig{})
		for _, err := range []error{
			d.JoinGroup(netip.MustParseAddr("192.0.2.1"), nil),
			d.JoinGroup(netip.Addr{}, nil),
			d.JoinGroup(netip.MustParseAddr("ff02::fb"), nil),
			d.SetMulticastTTL(-1),
			d.SetMulticastTTL(256),
		} {
			Expect(err).To(BeAssignableToTypeOf(&net.OpError{}))
		}
	})
})
