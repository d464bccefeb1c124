package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/looptest"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

var onLoopback = eventloop.DatagramConfig{LocalAddr: "127.0.0.1:0"}

// datagramEndpoint opens an endpoint under p on a loop that runs in the
// background.
func datagramEndpoint(ctx context.Context, w *world, p protocols.DatagramProtocol, cfg eventloop.DatagramConfig) protocols.DatagramTransport {
	GinkgoHelper()
	c, err := w.CreateDatagramEndpoint(func() protocols.DatagramProtocol { return p }, &cfg).Await(ctx)
	Expect(err).NotTo(HaveOccurred())
	if r, ok := p.(*recorder.Datagram); ok {
		DeferCleanup(func() {
			Eventually(r.Done()).WithTimeout(patient).Should(BeClosed())
			Expect(r.Violations()).To(BeEmpty())
		})
	}
	DeferCleanup(func(ctx SpecContext) {
		if w.IsRunning() {
			w.on(ctx, c.Transport.Abort)
			return
		}
		c.Transport.Abort()
		for range 2 {
			w.Stop()
			Expect(w.RunForever()).To(Succeed())
		}
	})
	return c.Transport
}

// udpPeer is a socket of package net, closed with the spec.
func udpPeer() *net.UDPConn {
	GinkgoHelper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { _ = c.Close() })
	return c
}

// hears reads one datagram.
func hears(c net.PacketConn) (payload string, from net.Addr) {
	GinkgoHelper()
	Expect(c.SetReadDeadline(time.Now().Add(patient))).To(Succeed())
	b := make([]byte, 300<<10)
	n, from, err := c.ReadFrom(b)
	Expect(err).NotTo(HaveOccurred())
	return string(b[:n]), from
}

func heard(c net.PacketConn) string {
	GinkgoHelper()
	payload, _ := hears(c)
	return payload
}

func says(c net.PacketConn, to net.Addr, payloads ...string) {
	GinkgoHelper()
	for _, p := range payloads {
		_, err := c.WriteTo([]byte(p), to)
		Expect(err).NotTo(HaveOccurred())
	}
}

// refusedPort is a port of the loopback where nobody is.
func refusedPort() string {
	GinkgoHelper()
	c := udpPeer()
	Expect(c.Close()).To(Succeed())
	return c.LocalAddr().String()
}

// replying is a recorder that sends back what it receives.
func replying() *recorder.Datagram {
	p := &recorder.Datagram{}
	p.OnData = func(data []byte, from net.Addr) { _ = p.Transport().SendTo(data, from) }
	return p
}

func datagramSpecs(kind string) {
	Describe("a UDP endpoint", func() {
		It("echoes to each sender, with boundaries and empty datagrams as they are", func(ctx SpecContext) { // I11, I12, I13
			w, p := newRealWorld(kind), replying()
			w.background()
			t := datagramEndpoint(ctx, w, p, onLoopback)
			one, two := udpPeer(), udpPeer()
			says(one, t.LocalAddr(), "a", "", strings.Repeat("x", 60000))
			says(two, t.LocalAddr(), "b")
			for _, want := range []string{"a", "", strings.Repeat("x", 60000)} {
				got, from := hears(one)
				Expect(got).To(Equal(want))
				Expect(from).To(Equal(t.LocalAddr()))
			}
			Expect(heard(two)).To(Equal("b"))
			w.on(ctx, func() { _ = t.Close() })
			Eventually(ctx, p.Done()).Should(BeClosed())
			Expect(p.String()).To(Equal("made data(1) data(0) data(60000) data(1) lost(nil)"))
			Expect(p.Events()[1].From).To(Equal(one.LocalAddr()))
		}, bounded)

		It("is there after ConnectionMade and before the first datagram", func(ctx SpecContext) { // I27, D2, D4
			w, seen := newRealWorld(kind), &trace{}
			p := &recorder.Datagram{}
			p.OnMade = func(protocols.DatagramTransport) { seen.add("made") }
			p.OnData = func([]byte, net.Addr) { seen.add("data") }
			peer := udpPeer()
			w.CallSoon(func() {
				f := w.CreateDatagramEndpoint(func() protocols.DatagramProtocol { return p }, &onLoopback)
				seen.add("called")
				p.OnMade = func(t protocols.DatagramTransport) {
					seen.add("made")
					_, _ = peer.WriteTo([]byte("early"), t.LocalAddr())
				}
				f.AddDoneCallback(func(*eventloop.Future[eventloop.DatagramConnection]) { seen.add("done") })
			})
			w.background()
			Eventually(ctx, p.String).Should(Equal("made data(5)"))
			Expect(seen.take()).To(Equal([]string{"called", "made", "done", "data"}))
			w.on(ctx, p.Transport().Abort)
			Eventually(ctx, p.Done()).Should(BeClosed())
		}, bounded)

		It("hears only its peer when it is connected, and tells the peer's name", func(ctx SpecContext) { // I5, I26
			w, p := newRealWorld(kind), &recorder.Datagram{}
			w.background()
			peer, stranger := udpPeer(), udpPeer()
			t := datagramEndpoint(ctx, w, p, eventloop.DatagramConfig{
				LocalAddr: "127.0.0.1:0", RemoteAddr: peer.LocalAddr().String(),
			})
			says(stranger, t.LocalAddr(), "from a stranger")
			says(peer, t.LocalAddr(), "from the peer")
			Eventually(ctx, p.Datagrams).Should(Equal([]string{"from the peer"}))
			Expect(t.RemoteAddr()).To(Equal(peer.LocalAddr()))
			Expect(t.ExtraInfo("peername")).To(Equal(peer.LocalAddr()))
			w.on(ctx, func() { _ = t.SendTo([]byte("hello"), nil) })
			Expect(heard(peer)).To(Equal("hello"))
		}, bounded)

		It("learns once for each bounced datagram that nobody is there, and goes on", func(ctx SpecContext) { // I16, I17
			if onWine() {
				Skip("Wine: a socket does not hear that nobody is there")
			}
			w, p := newRealWorld(kind), &recorder.Datagram{}
			w.background()
			port := refusedPort()
			t := datagramEndpoint(ctx, w, p, eventloop.DatagramConfig{RemoteAddr: port})
			w.on(ctx, func() { _ = t.SendTo([]byte("x"), nil) })
			Eventually(ctx, p.String).Should(Equal(fmt.Sprintf("made error(%v)", errNobody)))
			w.on(ctx, func() { _ = t.SendTo([]byte("x"), nil) })
			Eventually(ctx, p.String).Should(Equal(fmt.Sprintf("made error(%v) error(%v)", errNobody, errNobody)))
			failed, _ := errors.AsType[*net.OpError](p.Events()[1].Err)
			Expect(failed).To(HaveField("Net", "udp"))
			Expect(failed.Addr.String()).To(Equal(port))

			late, err := net.ListenPacket("udp4", port)
			Expect(err).NotTo(HaveOccurred())
			defer late.Close()
			says(late, t.LocalAddr(), "here now")
			Eventually(ctx, p.Datagrams).Should(Equal([]string{"here now"}))
		}, bounded)

		It("tells of a datagram that is too long inside SendTo, and stays open", func(ctx SpecContext) { // D10
			w, p := newRealWorld(kind), &recorder.Datagram{}
			w.background()
			peer := udpPeer()
			t := datagramEndpoint(ctx, w, p, onLoopback)
			before := ""
			w.on(ctx, func() {
				_ = t.SendTo(make([]byte, 70000), peer.LocalAddr())
				before = p.String()
				_ = t.SendTo([]byte("fine"), peer.LocalAddr())
			})
			Expect(before).To(Equal(fmt.Sprintf("made error(%v)", errTooLong)))
			Expect(heard(peer)).To(Equal("fine"))
		}, bounded)

		It("survives a panic of DatagramReceived, which is reported as a callback's", func(ctx SpecContext) { // I20
			w, p := newRealWorld(kind), replying()
			echo := p.OnData
			p.OnData = func(data []byte, from net.Addr) {
				if string(data) == "boom" {
					panic("on purpose")
				}
				echo(data, from)
			}
			w.background()
			t := datagramEndpoint(ctx, w, p, onLoopback)
			peer := udpPeer()
			says(peer, t.LocalAddr(), "boom", "fine")
			Expect(heard(peer)).To(Equal("fine"))
			reports := w.reports()
			Expect(reports).To(HaveLen(1))
			Expect(reports[0].Err).To(BeAssignableToTypeOf(&eventloop.PanicError{}))
			Expect(reports[0].Handle).NotTo(BeNil())
			Expect(reports[0].Transport).To(BeNil())
		}, bounded)

		It("keeps the rest of a batch for the next run when a protocol calls runtime.Goexit", func(ctx SpecContext) { // A53
			w, p := newRealWorld(kind), &recorder.Datagram{}
			p.OnData = func(data []byte, _ net.Addr) {
				if string(data) == "exit" {
					runtime.Goexit()
				}
			}
			halt := w.background()
			t := datagramEndpoint(ctx, w, p, onLoopback)
			halt()
			says(udpPeer(), t.LocalAddr(), "a", "exit", "b", "c")
			Expect(w.RunForever()).To(MatchError(eventloop.ErrGoexit))
			Expect(p.Datagrams()).To(Equal([]string{"a", "exit"}))
			w.background()
			Eventually(ctx, p.Datagrams).Should(Equal([]string{"a", "exit", "b", "c"}))
		}, bounded)

		It("delivers nothing while reading is paused, and everything in order afterwards", func(ctx SpecContext) {
			w, p := newRealWorld(kind), &recorder.Datagram{}
			p.OnData = func(data []byte, _ net.Addr) {
				if string(data) == "1" {
					p.Transport().(protocols.ReadTransport).PauseReading()
				}
			}
			w.background()
			t := datagramEndpoint(ctx, w, p, onLoopback)
			peer := udpPeer()
			says(peer, t.LocalAddr(), "0", "1", "2", "3")
			Eventually(ctx, p.Datagrams).Should(Equal([]string{"0", "1"}))
			says(peer, t.LocalAddr(), "4")
			Consistently(p.Datagrams).WithTimeout(20 * time.Millisecond).Should(HaveLen(2))
			w.on(ctx, t.(protocols.ReadTransport).ResumeReading)
			Eventually(ctx, p.Datagrams).Should(Equal([]string{"0", "1", "2", "3", "4"}))
		}, bounded)

		It("leaves others their turn when it is flooded", func(ctx SpecContext) { // field.md 34
			w, p := newRealWorld(kind), &recorder.Datagram{}
			halt := w.background()
			t := datagramEndpoint(ctx, w, p, onLoopback)
			halt()
			peer := udpPeer()
			for range 100 {
				says(peer, t.LocalAddr(), "x")
			}
			between := -1
			w.CallSoon(func() {
				w.CallSoon(func() {
					between = len(p.Datagrams())
					w.Stop()
				})
			})
			Expect(w.RunForever()).To(Succeed())
			Expect(between).To(BeNumerically(">", 0))
			Expect(between).To(BeNumerically("<=", 64))
			w.background()
			Eventually(ctx, p.Datagrams).Should(HaveLen(100))
		}, bounded)

		It("owns its descriptor: AddReader is refused, and a view of the socket is there", func(ctx SpecContext) { // C7, D27
			w, p := newRealWorld(kind), &recorder.Datagram{}
			w.background()
			t := datagramEndpoint(ctx, w, p, onLoopback)
			var err error
			w.on(ctx, func() { err = w.AddReader(t.ExtraInfo("socket").(*platform.Socket).FD(), func() {}) })
			Expect(err).To(MatchError(eventloop.ErrInvalidState))
		}, bounded)

		It("is closed at the end of Run", func(ctx SpecContext) {
			guard()
			p := &recorder.Datagram{}
			usePolicy(&eventloop.DefaultPolicy{Factory: func() (*eventloop.Loop, error) {
				return looptest.OfKind(kind, eventloop.SelectorConfig{})
			}})
			err := eventloop.Run(ctx, func(ctx context.Context, l *eventloop.Loop) error {
				_, err := l.CreateDatagramEndpoint(func() protocols.DatagramProtocol { return p }, &onLoopback).Await(ctx)
				return err
			})
			Expect(err).NotTo(HaveOccurred())
			Expect(p.String()).To(Equal("made lost(nil)"))
		}, bounded)
	})

	Describe("a UDP endpoint that is not connected", func() {
		It("does not hear of unreachable ports", func(ctx SpecContext) { // I18
			w, p := newRealWorld(kind), &recorder.Datagram{}
			w.background()
			t := datagramEndpoint(ctx, w, p, onLoopback)
			to := net.UDPAddrFromAddrPort(netip.MustParseAddrPort(refusedPort()))
			for range 3 {
				w.on(ctx, func() { _ = t.SendTo([]byte("x"), to) })
			}
			Consistently(p.String).WithTimeout(30 * time.Millisecond).Should(Equal("made"))
		}, bounded)

		It("needs Broadcast to send to a broadcast address", func(ctx SpecContext) { // I8
			w, p := newRealWorld(kind), &recorder.Datagram{}
			w.background()
			everybody, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 255, 255, 255)})
			Expect(err).NotTo(HaveOccurred())
			defer everybody.Close()
			t := datagramEndpoint(ctx, w, p, onLoopback)
			w.on(ctx, func() { _ = t.SendTo([]byte("x"), everybody.LocalAddr()) })
			Expect(p.String()).To(Equal(fmt.Sprintf("made error(%v)", errForbidden)))

			caster := datagramEndpoint(ctx, w, &recorder.Datagram{}, eventloop.DatagramConfig{
				LocalAddr: "127.0.0.1:0", RemoteAddr: everybody.LocalAddr().String(), Broadcast: true,
			})
			Expect(caster.RemoteAddr() == nil).To(BeTrue(), "it is not connected")
			w.on(ctx, func() { _ = caster.SendTo([]byte("to all"), nil) })
			Expect(heard(everybody)).To(Equal("to all"))
			other := udpPeer()
			w.on(ctx, func() { _ = caster.SendTo([]byte("to one"), other.LocalAddr()) })
			Expect(heard(other)).To(Equal("to one"))
		}, bounded)

		It("sends without ever having been bound", func(ctx SpecContext) { // I1
			w, p := newRealWorld(kind), &recorder.Datagram{}
			w.background()
			peer := udpPeer()
			t := datagramEndpoint(ctx, w, p, eventloop.DatagramConfig{Network: "udp4"})
			w.on(ctx, func() { _ = t.SendTo([]byte("hello"), peer.LocalAddr()) })
			payload, from := hears(peer)
			Expect(payload).To(Equal("hello"))
			from.(*net.UDPAddr).IP = net.IPv4(127, 0, 0, 1)
			says(peer, from, "and back")
			Eventually(ctx, p.Datagrams).Should(Equal([]string{"and back"}))
		}, bounded)
	})
}

// lacksIPv6 skips where the loopback has none.
func lacksIPv6() {
	GinkgoHelper()
	c, err := net.ListenPacket("udp6", "[::1]:0")
	if err != nil {
		Skip("no IPv6 on the loopback: " + err.Error())
	}
	Expect(c.Close()).To(Succeed())
}
