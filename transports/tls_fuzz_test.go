package transports_test

import (
	"bytes"
	"crypto/tls"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/protocols/recorder"
	"github.com/tidemill-go/tidemill/transports"
	"github.com/tidemill-go/tidemill/transports/memory"
)

// What a peer of FuzzTLSFeed is.
const (
	fuzzRaw     = iota // sends the data instead of a handshake
	fuzzHonest         // sends the data encrypted
	fuzzCorrupt        // and one byte of it is changed on the way
	fuzzBehind         // sends the data raw behind a handshake
	fuzzPeers
)

// FuzzTLSFeed feeds a server of TLS whatever arrives, in pieces of any size. It
// must take no more from a peer than that has encrypted, in order, and come to an
// end with every connection.
func FuzzTLSFeed(f *testing.F) {
	f.Add([]byte("GET / HTTP/1.0\r\n\r\n"), uint8(3), uint16(0), uint8(fuzzRaw), true)
	f.Add([]byte("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00"), uint8(1), uint16(0), uint8(fuzzRaw), true)
	f.Add([]byte("\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10"), uint8(2), uint16(0), uint8(fuzzRaw), false)
	f.Add([]byte("\x15\x03\x03\x00\x02\x01\x00\x16\x03\x01\xff\xff"), uint8(0), uint16(0), uint8(fuzzRaw), false)
	f.Add(bytes.Repeat([]byte("honest "), 5000), uint8(7), uint16(0), uint8(fuzzHonest), true)
	f.Add(bytes.Repeat([]byte("honest "), 5000), uint8(0), uint16(0), uint8(fuzzHonest), false)
	f.Add([]byte("a record"), uint8(1), uint16(7), uint8(fuzzCorrupt), true)
	f.Add(bytes.Repeat([]byte("records "), 1000), uint8(0), uint16(4000), uint8(fuzzCorrupt), false)
	f.Add([]byte("\x17\x03\x03\x00\x00\x17\x03\x03\x40\xff"), uint8(4), uint16(0), uint8(fuzzBehind), true)
	f.Add([]byte("\x15\x03\x03\x00\x02\x01\x00"), uint8(1), uint16(0), uint8(fuzzBehind), false)
	f.Fuzz(func(t *testing.T, data []byte, cut uint8, at uint16, kind uint8, newest bool) {
		RegisterTestingT(t)
		data = data[:min(len(data), 40_000)]
		host, _ := memory.NewReadiness()
		p := &recorder.Stream{}
		client := clientTLS()
		if !newest {
			client.MaxVersion = tls.VersionTLS12
		}
		_, near, peer := secured(host, p, transports.TLSConfig{}, client)
		kind %= fuzzPeers
		sent := data
		if kind != fuzzRaw {
			Expect(peer.conn.Handshake()).To(Succeed())
			host.RunUntilIdle()
		}
		if kind == fuzzHonest || kind == fuzzCorrupt {
			sent = encrypted(peer, data)
		}
		if kind == fuzzCorrupt {
			sent[int(at)%len(sent)] ^= 1
		}
		feed(host, peer, sent, int(cut))
		peer.end.Close()
		host.RunUntilIdle()
		host.Advance(transports.DefaultHandshakeTimeout)
		Expect(near.IsClosed()).To(BeTrue())
		Expect(p.Violations()).To(BeEmpty())
		Expect(host.Failures()).To(BeEmpty())
		Expect(host.Timers()).To(BeZero())
		switch got := p.Data(); kind {
		case fuzzRaw:
			Expect(p.String()).To(BeEmpty())
		case fuzzHonest:
			Expect(bytes.Equal(got, data)).To(BeTrue())
			Expect(p.String()).To(HaveSuffix("eof lost(nil)"))
		case fuzzCorrupt:
			Expect(bytes.HasPrefix(data, got)).To(BeTrue())
		case fuzzBehind:
			Expect(got).To(BeEmpty())
		}
	})
}

// encrypted is what the peer's tls.Conn makes of data, and of its goodbye.
func encrypted(peer *securePeer, data []byte) []byte {
	var sent []byte
	peer.caught = &sent
	_, _ = peer.conn.Write(data)
	_ = peer.conn.CloseWrite()
	peer.caught = nil
	return sent
}

// feed hands b over in pieces of cut bytes, and the server looks at each.
func feed(host *memory.Host, peer *securePeer, b []byte, cut int) {
	if cut == 0 {
		cut = len(b)
	}
	for len(b) > 0 {
		n, err := peer.end.Write(b[:min(cut, len(b))])
		if err != nil || n == 0 {
			return // the server is gone, or does not read
		}
		b = b[n:]
		host.RunUntilIdle()
	}
}
