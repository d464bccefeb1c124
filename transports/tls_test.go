package transports_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
	"github.com/tidemill-go/tidemill/transports"
	"github.com/tidemill-go/tidemill/transports/memory"
)

// sequence is n bytes in which a loss or an exchange shows.
func sequence(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(uint32(i) * 2654435761 >> 13)
	}
	return b
}

// piecemeal is a protocol's view of a connection over which no more than n bytes
// go at once: what it heard, and what its peer got back.
func piecemeal(host *memory.Host, version uint16, n int, sent []byte) (heard string, got []byte) {
	GinkgoHelper()
	p := &recorder.Stream{}
	p.OnData = func(b []byte) { _, _ = p.Transport().Write(b) }
	client := clientTLS()
	client.MinVersion, client.MaxVersion = version, version
	_, near, peer := secured(host, p, transports.TLSConfig{}, client)
	near.Trickle(n)
	peer.end.Trickle(n)
	Expect(peer.conn.Handshake()).To(Succeed())
	Expect(peer.conn.ConnectionState().Version).To(Equal(version))
	Expect(peer.conn.Write(sent)).To(Equal(len(sent)))
	peer.CloseWrite()
	got, err := io.ReadAll(peer.conn)
	Expect(err).NotTo(HaveOccurred())
	host.RunUntilIdle()
	Expect(p.Violations()).To(BeEmpty())
	Expect(p.Data()).To(Equal(sent))
	Expect(near.IsClosed()).To(BeTrue())
	return p.String(), got
}

var versions = map[string]uint16{"TLS 1.2": tls.VersionTLS12, "TLS 1.3": tls.VersionTLS13}

var _ = onBothStyles("TLS", func(newHost func() *memory.Host) {
	var host *memory.Host
	BeforeEach(func() { host = newHost() })

	for name, version := range versions {
		DescribeTable("reads the same whatever is cut where, in "+name, func(n int) {
			sent := sequence(5000)
			whole, echo := piecemeal(host, version, 0, sent)
			Expect(echo).To(Equal(sent))
			cut, echo := piecemeal(host, version, n, sent)
			Expect(cut).To(Equal(whole))
			Expect(echo).To(Equal(sent))
		}, Entry("every byte", 1), Entry("two bytes", 2), Entry("five bytes, a header", 5), Entry("a prime", 997))
	}

	It("sends what one callback writes as one record", func() {
		p := &recorder.Stream{}
		t, _, peer := secured(host, p, transports.TLSConfig{}, clientTLS())
		Expect(peer.conn.Handshake()).To(Succeed())
		host.RunUntilIdle()
		peer.end.Take(1 << 20) // tickets
		host.Do(func() {
			for range 50 {
				_, _ = t.Write([]byte("word "))
			}
		})
		wire := peer.end.Take(1 << 20)
		Expect(int(wire[3])<<8 | int(wire[4])).To(Equal(len(wire) - 5))
		Expect(len(wire)).To(BeNumerically("<", 300))
		host.Do(t.Abort)
		host.RunUntilIdle()
	})

	It("delivers records that come together in one call", func() {
		p := &recorder.Stream{}
		calls := 0
		p.OnData = func([]byte) { calls++ }
		t, _, peer := secured(host, p, transports.TLSConfig{}, clientTLS())
		Expect(peer.conn.Handshake()).To(Succeed())
		host.RunUntilIdle()
		for range 20 {
			peer.Write(sequence(1000))
		}
		host.RunUntilIdle()
		Expect(p.String()).To(Equal("made data(20000)"))
		Expect(calls).To(Equal(1))
		host.Do(t.Abort)
		host.RunUntilIdle()
	})

	It("holds what comes with the handshake until the protocol reads", func() {
		p := &recorder.Stream{}
		p.OnMade = protocols.Transport.PauseReading
		t, _, peer := secured(host, p, transports.TLSConfig{}, clientTLS())
		Expect(peer.conn.Handshake()).To(Succeed())
		peer.Write([]byte("early"))
		peer.CloseWrite()
		host.RunUntilIdle()
		Expect(p.String()).To(Equal("made"))
		host.Do(t.ResumeReading)
		host.RunUntilIdle()
		Expect(p.String()).To(Equal("made data(5) eof lost(nil)"))
	})

	It("speaks to another of its kind", func() {
		p := &recorder.Stream{}
		p.OnData = func(b []byte) { _, _ = p.Transport().Write(b) }
		far := &recorder.Stream{}
		client, _, _ := chained(host, p, far)
		host.RunUntilIdle()
		host.Do(func() { _, _ = client.Write(sequence(100)) })
		host.RunUntilIdle()
		Expect(far.Data()).To(Equal(sequence(100)))
		host.Do(func() { _ = client.Close() })
		host.RunUntilIdle()
		Expect([]string{p.String(), far.String()}).To(Equal([]string{"made data(100) eof lost(nil)", "made data(100) lost(nil)"}))
	})

	Context("whose handshake fails", func() {
		It("tells a server's protocol nothing, and the peer why", func() {
			p := &recorder.Stream{}
			old := clientTLS()
			old.MaxVersion = tls.VersionTLS11
			old.MinVersion = tls.VersionTLS10
			_, near, peer := secured(host, p, transports.TLSConfig{}, old)
			Expect(peer.conn.Handshake()).To(MatchError(ContainSubstring("protocol version")))
			host.RunUntilIdle()
			Expect(p.String()).To(BeEmpty())
			Expect(near.IsClosed()).To(BeTrue())
			Expect(host.Failures()).To(BeEmpty())
		})

		It("reports it in debug mode", func() {
			host.SetDebug(true)
			_, near, peer := secured(host, &recorder.Stream{}, transports.TLSConfig{}, clientTLS())
			_, err := peer.end.Write([]byte("GET / HTTP/1.0\r\n\r\n"))
			Expect(err).NotTo(HaveOccurred())
			host.RunUntilIdle()
			Expect(near.IsClosed()).To(BeTrue())
			Expect(host.Failures()).To(HaveExactElements(HaveField("Err", MatchError(ContainSubstring("does not look like a TLS handshake")))))
			header, ok := errors.AsType[tls.RecordHeaderError](host.Failures()[0].Err)
			Expect(ok).To(BeTrue())
			Expect(header.Conn).To(BeNil(), "the connection in memory is nobody's business")
		})

		It("tells whoever asked", func() {
			var failure error
			p := &recorder.Stream{}
			cfg := transports.TLSConfig{Config: clientTLS(), Failed: func(err error) { failure = err }}
			cfg.Config.ServerName = "example.org"
			_, near, peer := secured(host, p, cfg, serverTLS())
			Expect(peer.conn.Handshake()).NotTo(Succeed())
			host.RunUntilIdle()
			_, ok := errors.AsType[*tls.CertificateVerificationError](failure)
			Expect(ok).To(BeTrue(), "%v", failure)
			Expect(failure.(*net.OpError).Op).To(Equal("handshake"))
			Expect(p.String()).To(BeEmpty())
			Expect(near.IsClosed()).To(BeTrue())
		})

		It("calls a peer that hangs up ECONNRESET", func() {
			var failure error
			cfg := transports.TLSConfig{Config: clientTLS(), Failed: func(err error) { failure = err }}
			_, near, peer := secured(host, &recorder.Stream{}, cfg, serverTLS())
			host.RunUntilIdle()
			peer.end.Take(1 << 20)
			peer.end.Close()
			host.RunUntilIdle()
			Expect(failure).To(MatchError(platform.ECONNRESET))
			Expect(near.IsClosed()).To(BeTrue())
		})

		It("reports a panic in a callback of the configuration", func() {
			cfg := serverTLS()
			cfg.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { panic("boom") }
			_, near, peer := secured(host, &recorder.Stream{}, transports.TLSConfig{Config: cfg, Server: true}, clientTLS())
			Expect(peer.conn.Handshake()).NotTo(Succeed())
			host.RunUntilIdle()
			Expect(near.IsClosed()).To(BeTrue())
			Expect(host.Failures()).To(HaveExactElements(HaveField("Err", MatchError(ContainSubstring("boom")))))
		})

		It("gives up after the timeout", func() {
			var failure error
			cfg := transports.TLSConfig{Config: clientTLS(), Failed: func(err error) { failure = err }}
			_, near, _ := secured(host, &recorder.Stream{}, cfg, serverTLS())
			host.Advance(time.Minute - time.Nanosecond)
			Expect(failure).NotTo(HaveOccurred())
			host.Advance(time.Nanosecond)
			Expect(failure).To(And(MatchError(platform.ECONNABORTED), MatchError(os.ErrDeadlineExceeded)))
			Expect(failure.(net.Error).Timeout()).To(BeTrue())
			Expect(near.IsClosed()).To(BeTrue())
			Expect(host.Timers()).To(BeZero())
		})

		It("does not wait for a peer that does not take the alert", func() {
			_, near, peer := secured(host, &recorder.Stream{}, transports.TLSConfig{HandshakeTimeout: time.Second}, clientTLS())
			near.Clog(true)
			_, err := peer.end.Write([]byte("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00"))
			Expect(err).NotTo(HaveOccurred())
			host.RunUntilIdle()
			Expect(near.IsClosed()).To(BeFalse())
			host.Advance(time.Second)
			Expect(near.IsClosed()).To(BeTrue())
		})
	})

	Context("that is closed", func() {
		var (
			p    *recorder.Stream
			t    *transports.TLS
			near *memory.End
			peer *securePeer
		)
		BeforeEach(func() {
			p = &recorder.Stream{}
			t, near, peer = secured(host, p, transports.TLSConfig{ShutdownTimeout: 10 * time.Second}, clientTLS())
			Expect(peer.conn.Handshake()).To(Succeed())
			host.RunUntilIdle()
		})

		It("ends with a timeout when the peer does not answer", func() {
			host.Do(func() { _ = t.Close() })
			host.Advance(10*time.Second - time.Nanosecond)
			Expect(p.String()).To(Equal("made"))
			host.Advance(time.Nanosecond)
			Expect(p.Err()).To(MatchError(os.ErrDeadlineExceeded))
			Expect(p.Err()).NotTo(MatchError(platform.ECONNABORTED))
			Expect(near.IsClosed()).To(BeTrue())
		})

		It("gives a peer that goes on taking output more time", func() {
			near.SetCapacity(1000)
			host.Do(func() {
				_, _ = t.Write(sequence(10_000))
				_ = t.Close()
			})
			for range 5 {
				host.Advance(9 * time.Second)
				peer.end.Take(2000)
				host.RunUntilIdle()
			}
			Expect(p.String()).To(Equal("made"))
			host.Advance(20 * time.Second)
			Expect(p.Err()).To(MatchError(os.ErrDeadlineExceeded))
		})

		It("waits no longer for a peer that has said goodbye and takes nothing", func() {
			near.Clog(true)
			peer.CloseWrite()
			host.RunUntilIdle()
			Expect(p.String()).To(Equal("made eof"))
			host.Advance(10 * time.Second)
			Expect(p.Err()).To(MatchError(os.ErrDeadlineExceeded))
		})

		It("sends no close_notify on Abort", func() {
			peer.end.Take(1 << 20)
			host.Do(t.Abort)
			host.RunUntilIdle()
			Expect(p.String()).To(Equal("made lost(nil)"))
			rest, err := peer.end.ReadAll()
			Expect(rest).To(BeEmpty())
			Expect(err).To(Equal(io.EOF))
		})

		It("leaves no timer behind", func() {
			host.Do(func() { _ = t.Close() })
			peer.CloseWrite()
			host.RunUntilIdle()
			Expect(p.String()).To(Equal("made lost(nil)"))
			Expect(host.Timers()).To(BeZero())
		})
	})

	It("ends with the failure of a record that was tampered with, and tells the peer", func() {
		p := &recorder.Stream{}
		_, near, peer := secured(host, p, transports.TLSConfig{}, clientTLS())
		Expect(peer.conn.Handshake()).To(Succeed())
		host.RunUntilIdle()
		_, err := peer.end.Write([]byte("\x17\x03\x03\x00\x20not encrypted with any known key"))
		Expect(err).NotTo(HaveOccurred())
		host.RunUntilIdle()
		Expect(p.Err()).To(MatchError(ContainSubstring("bad record MAC")))
		Expect(near.IsClosed()).To(BeTrue())
		_, err = io.ReadAll(peer.conn)
		Expect(err).To(MatchError(ContainSubstring("bad record MAC")))
	})

	It("is aborted by Close and by Abort during the handshake, without a word", func() {
		for _, end := range []func(t *transports.TLS){func(t *transports.TLS) { _ = t.Close() }, (*transports.TLS).Abort} {
			p := &recorder.Stream{}
			t, near, _ := secured(host, p, transports.TLSConfig{}, clientTLS())
			host.RunUntilIdle()
			host.Do(func() { end(t) })
			host.RunUntilIdle()
			Expect(near.IsClosed()).To(BeTrue())
			Expect(p.String()).To(BeEmpty())
			Expect(host.Timers()).To(BeZero())
		}
	})

	It("refuses marks that make no sense", func() {
		_, err := transports.NewTLS(host, &recorder.Stream{}, transports.TLSConfig{WriteBufferLimits: protocols.Watermarks{Low: 2, High: 1}})
		Expect(err).To(MatchError(protocols.ErrInvalidWatermarks))
	})
})

// chained makes a client and a server of TLS over one connection.
func chained(host *memory.Host, server, client protocols.Protocol) (c, s *transports.TLS, ends [2]*memory.End) {
	GinkgoHelper()
	a, b := host.Pair(0)
	open := func(e *memory.End, p protocols.Protocol, cfg transports.TLSConfig) *transports.TLS {
		t, err := transports.NewTLS(host, p, cfg)
		Expect(err).NotTo(HaveOccurred())
		_, err = transports.NewStream(host, e.FD(), t.Lower(), transports.StreamConfig{Remote: address("192.0.2.2:80")})
		Expect(err).NotTo(HaveOccurred())
		return t
	}
	s = open(a, server, transports.TLSConfig{Config: serverTLS(), Server: true})
	c = open(b, client, transports.TLSConfig{Config: clientTLS()})
	return c, s, [2]*memory.End{a, b}
}
