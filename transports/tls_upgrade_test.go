package transports_test

import (
	"crypto/tls"
	"io"
	"os"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
	"github.com/tidemill-go/tidemill/transports"
	"github.com/tidemill-go/tidemill/transports/memory"
)

var _ = onBothStyles("UpgradeTLS", func(newHost func() *memory.Host) {
	var (
		host  *memory.Host
		p     *recorder.Stream
		plain *transports.Stream
		near  *memory.End
		peer  *securePeer
	)
	BeforeEach(func() {
		host, p = newHost(), &recorder.Stream{}
		var far *memory.End
		plain, near, far = made(host, p, transports.StreamConfig{Remote: address("192.0.2.2:80")})
		peer = &securePeer{end: far, host: host}
		peer.conn = tls.Client(peerConn{peer}, clientTLS())
	})
	AfterEach(func() {
		host.RunUntilIdle()
		Expect(near.IsClosed()).To(BeTrue())
		Expect(p.Violations()).To(BeEmpty())
		Expect(host.Failures()).To(BeEmpty())
		Expect(host.Timers()).To(BeZero())
	})
	upgrade := func(below protocols.Transport, q protocols.Protocol, cfg transports.TLSConfig) (t *transports.TLS, err error) {
		if cfg.Config == nil {
			cfg.Config, cfg.Server = serverTLS(), true
		}
		host.Do(func() { t, err = transports.UpgradeTLS(host, below, q, cfg) })
		return t, err
	}

	It("goes on with the same protocol, without a second ConnectionMade", func() {
		t, err := upgrade(plain, p, transports.TLSConfig{})
		Expect(err).NotTo(HaveOccurred())
		Expect(peer.conn.Handshake()).To(Succeed())
		peer.Write([]byte("hello"))
		host.RunUntilIdle()
		Expect(p.String()).To(Equal("made data(5)"))
		Expect(transports.Uppermost(plain)).To(BeIdenticalTo(t))
		Expect(t.RemoteAddr()).To(Equal(plain.RemoteAddr()))
		peer.CloseWrite()
		host.RunUntilIdle()
		Expect(p.String()).To(Equal("made data(5) eof lost(nil)"))
	})

	It("tells the caller before the first byte, which came with the handshake", func() {
		heard := ""
		_, err := upgrade(plain, p, transports.TLSConfig{Made: func(*transports.TLS) {
			host.CallSoon(func() { heard = p.String() }) // as a future does
		}})
		Expect(err).NotTo(HaveOccurred())
		Expect(peer.conn.Handshake()).To(Succeed())
		peer.Write([]byte("early"))
		host.RunUntilIdle()
		Expect(heard).To(Equal("made"))
		Expect(p.String()).To(Equal("made data(5)"))
		peer.CloseWrite()
	})

	It("sends what is buffered in clear text first, and takes the pause over", func() {
		near.SetCapacity(1000)
		host.Do(func() { _, _ = plain.Write(sequence(100_000)) })
		Expect(p.String()).To(Equal("made pause"))
		t, err := upgrade(plain, p, transports.TLSConfig{})
		Expect(err).NotTo(HaveOccurred())
		clear := peer.end.Take(1000)
		for len(clear) < 100_000 {
			host.RunUntilIdle()
			clear = append(clear, peer.end.Take(100_000-len(clear))...)
		}
		Expect(clear).To(Equal(sequence(100_000)))
		Expect(p.String()).To(Equal("made pause"))
		near.SetCapacity(memory.DefaultCapacity)
		Expect(peer.conn.Handshake()).To(Succeed())
		host.RunUntilIdle()
		Expect(p.String()).To(Equal("made pause resume"))
		Expect(t.WriteBufferLimits()).To(Equal(protocols.Watermarks{Low: 16 << 10, High: 64 << 10}))
		host.Do(t.Abort)
	})

	It("keeps the marks of the old transport unless there are new ones", func() {
		host.Do(func() { _ = plain.SetWriteBufferLimits(protocols.Watermarks{Low: protocols.Empty, High: 10}) })
		t, err := upgrade(plain, p, transports.TLSConfig{})
		Expect(err).NotTo(HaveOccurred())
		Expect(t.WriteBufferLimits()).To(Equal(protocols.Watermarks{High: 10}))
		host.Do(t.Abort)
		host.RunUntilIdle()
		Expect(p.String()).To(Equal("made lost(nil)"))
	})

	It("closes the transport if the handshake fails, and the protocol hears why", func() {
		var failure error
		_, err := upgrade(plain, p, transports.TLSConfig{Failed: func(err error) { failure = err }})
		Expect(err).NotTo(HaveOccurred())
		_, err = peer.end.Write([]byte("clear text goes on"))
		Expect(err).NotTo(HaveOccurred())
		host.RunUntilIdle()
		Expect(failure).To(MatchError(ContainSubstring("does not look like a TLS handshake")))
		Expect(p.Err()).To(Equal(failure))
	})

	It("closes it if the handshake takes too long", func() {
		var failure error
		_, err := upgrade(plain, p, transports.TLSConfig{Failed: func(err error) { failure = err }, HandshakeTimeout: time.Second})
		Expect(err).NotTo(HaveOccurred())
		host.Advance(time.Second)
		Expect(failure).To(MatchError(os.ErrDeadlineExceeded))
		Expect(p.Err()).To(Equal(failure))
	})

	It("goes over TLS as over anything", func() {
		q := &recorder.Stream{}
		q.OnData = func(b []byte) { _, _ = q.Transport().Write(b) }
		outer, err := upgrade(plain, p, transports.TLSConfig{})
		Expect(err).NotTo(HaveOccurred())
		Expect(peer.conn.Handshake()).To(Succeed())
		host.RunUntilIdle()
		q.Adopt(nil)
		inner, err := upgrade(outer, q, transports.TLSConfig{})
		Expect(err).NotTo(HaveOccurred())
		q.Adopt(inner)
		second := tls.Client(nested{peer.conn, peer}, clientTLS())
		Expect(second.Handshake()).To(Succeed())
		sent := sequence(1000)
		Expect(second.Write(sent)).To(Equal(1000))
		got := make([]byte, 1000)
		_, err = io.ReadFull(second, got)
		Expect(err).NotTo(HaveOccurred())
		Expect(got).To(Equal(sent))
		Expect(second.CloseWrite()).To(Succeed())
		host.RunUntilIdle()
		peer.CloseWrite()
		host.RunUntilIdle()
		Expect(q.String()).To(Equal("data(1000) eof lost(nil)"))
		Expect(p.String()).To(Equal("made"), "it was replaced")
	})

	It("refuses a transport that is closing, that has ended its output, or that has one half", func() {
		host.Do(func() { _ = plain.WriteEOF() })
		_, err := upgrade(plain, p, transports.TLSConfig{})
		Expect(err).To(MatchError(future.ErrInvalidState))
		Expect(plain.Protocol()).To(BeIdenticalTo(p))
		host.Do(plain.Abort)
		_, err = upgrade(plain, p, transports.TLSConfig{})
		Expect(err).To(MatchError(future.ErrInvalidState))
		host.RunUntilIdle()

		_, end := host.Pair(0)
		pipe, err := transports.NewReadPipe(host, end.FD(), &recorder.Stream{}, transports.PipeConfig{})
		Expect(err).NotTo(HaveOccurred())
		_, err = upgrade(pipe, p, transports.TLSConfig{})
		Expect(err).To(MatchError(os.ErrInvalid))
		Expect(transports.CanUpgradeTLS(pipe)).To(BeFalse())
		host.Do(pipe.Abort)
	})
})

// nested is a tls.Conn under another one.
type nested struct {
	*tls.Conn
	peer *securePeer
}

func (n nested) Close() error { return nil }
