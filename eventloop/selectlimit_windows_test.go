package eventloop_test

import (
	"io"
	"net"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/selector"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

// A select loop watches 512 sockets. These leave it one place at a time.
var _ = Describe("a select loop whose sets are full", func() {
	most := platform.For(platform.Target{Loop: "select"}).Limits().MaxSockets

	var w *world
	var readers []*platform.Socket
	socket := func() *platform.Socket {
		GinkgoHelper()
		s, err := platform.CreateSocket("udp4")
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(s.Close)
		Expect(s.Bind(&net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})).To(Succeed())
		return s
	}
	watch := func(s *platform.Socket) error { return w.AddReader(s.FD(), func() {}) }
	// fill adds readers until one is refused.
	fill := func(ctx SpecContext) (err error) {
		GinkgoHelper()
		var sockets []*platform.Socket
		for range most + 1 {
			sockets = append(sockets, socket())
		}
		w.on(ctx, func() {
			for _, s := range sockets {
				if err = watch(s); err != nil {
					return
				}
				readers = append(readers, s)
			}
		})
		return err
	}
	release := func(ctx SpecContext) {
		GinkgoHelper()
		var removed bool
		var err error
		w.on(ctx, func() { removed, err = w.RemoveReader(readers[0].FD()) })
		Expect(removed, err).To(BeTrue())
		readers = readers[1:]
	}
	BeforeEach(func() {
		w, readers = newRealWorld("select"), nil
		w.background()
	})
	AfterEach(func(ctx SpecContext) {
		// Before they are closed, which Wine's server does not always survive while
		// somebody waits for them.
		removed := 0
		w.on(ctx, func() {
			for _, s := range readers {
				if yes, _ := w.RemoveReader(s.FD()); yes {
					removed++
				}
			}
		})
		Expect(removed).To(Equal(len(readers)))
	}, NodeTimeout(patient))

	It("refuses another reader, and takes one when there is a place again", func(ctx SpecContext) {
		err := fill(ctx)
		Expect(readers).To(HaveLen(most))
		Expect(err).To(MatchError(selector.ErrTooManyDescriptors))
		Expect(err).To(MatchError(ContainSubstring("512")))
		release(ctx)
		another := socket()
		w.on(ctx, func() { err = watch(another) })
		Expect(err).NotTo(HaveOccurred())
		readers = append(readers, another)
	}, bounded)

	It("refuses a connection and a server, and keeps no socket", func(ctx SpecContext) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(l.Close)
		Expect(fill(ctx)).NotTo(Succeed())
		before := descriptors()
		_, err = w.CreateConnection(newEcho, "tcp", l.Addr().String(), nil).Await(ctx)
		Expect(err).To(MatchError(selector.ErrTooManyDescriptors))
		_, err = w.CreateServer(newEcho, "tcp", "127.0.0.1:0", nil).Await(ctx)
		Expect(err).To(MatchError(selector.ErrTooManyDescriptors))
		Expect(descriptors()).To(Equal(before))
	}, bounded)

	It("ends an endpoint that it can not watch with the error", func(ctx SpecContext) {
		Expect(fill(ctx)).NotTo(Succeed())
		p := &recorder.Datagram{}
		_, err := w.CreateDatagramEndpoint(func() protocols.DatagramProtocol { return p }, &onLoopback).Await(ctx)
		Expect(err).NotTo(HaveOccurred())
		Eventually(ctx, p.Done()).Should(BeClosed())
		Expect(p.Err()).To(MatchError(selector.ErrTooManyDescriptors))
	}, bounded)

	It("closes what a server accepts, and serves the next when there is a place again", func(ctx SpecContext) {
		s, err := w.CreateServer(newEcho, "tcp", "127.0.0.1:0", nil).Await(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(fill(ctx)).NotTo(Succeed())
		turned, err := net.Dial("tcp", s.Addrs()[0].String())
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(turned.Close)
		Expect(turned.SetDeadline(time.Now().Add(patient))).To(Succeed())
		Expect(turned.Read(make([]byte, 1))).Error().To(HaveOccurred())

		release(ctx)
		served, err := net.Dial("tcp", s.Addrs()[0].String())
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func() { _ = served.Close() })
		Expect(served.SetDeadline(time.Now().Add(patient))).To(Succeed())
		Expect(served.Write([]byte("hello"))).To(Equal(5))
		answer := make([]byte, 5)
		Expect(io.ReadFull(served, answer)).To(Equal(5))
		Expect(served.Close()).To(Succeed())
		w.on(ctx, s.Close)
	}, bounded)
})
