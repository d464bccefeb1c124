package transports_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"os"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/protocols/recorder"
	"github.com/tidemill-go/tidemill/transports"
	"github.com/tidemill-go/tidemill/transports/memory"
)

// keyring writes the records of a TLS 1.3 client (RFC 8446, 5.2 and 7.2), which
// crypto/tls does not let ask for new keys.
type keyring struct {
	secret []byte
	sealer cipher.AEAD
	iv     []byte
	number uint64
}

func newKeyring(secret []byte) *keyring {
	k := &keyring{}
	k.use(secret)
	return k
}

func (k *keyring) use(secret []byte) {
	GinkgoHelper()
	block, err := aes.NewCipher(expandLabel(secret, "key", 16))
	Expect(err).NotTo(HaveOccurred())
	k.sealer, err = cipher.NewGCM(block)
	Expect(err).NotTo(HaveOccurred())
	k.secret, k.iv, k.number = secret, expandLabel(secret, "iv", 12), 0
}

// record returns a record of a content type.
func (k *keyring) record(contentType byte, content ...byte) []byte {
	nonce := bytes.Clone(k.iv)
	for i := range 8 {
		nonce[len(nonce)-1-i] ^= byte(k.number >> (8 * i))
	}
	k.number++
	inner := append(bytes.Clone(content), contentType)
	header := binary.BigEndian.AppendUint16([]byte{23, 3, 3}, uint16(len(inner)+k.sealer.Overhead()))
	return k.sealer.Seal(header, nonce, inner, header)
}

// data returns a record of application data.
func (k *keyring) data(b ...byte) []byte { return k.record(23, b...) }

// update returns a record that changes the key, and asks the peer to do the same.
func (k *keyring) update() []byte {
	r := k.record(22, 24, 0, 0, 1, 1)
	k.use(expandLabel(k.secret, "traffic upd", sha256.Size))
	return r
}

func expandLabel(secret []byte, label string, size int) []byte {
	GinkgoHelper()
	label = "tls13 " + label
	info := binary.BigEndian.AppendUint16(nil, uint16(size))
	info = append(append(append(info, byte(len(label))), label...), 0)
	key, err := hkdf.Expand(sha256.New, secret, string(info), size)
	Expect(err).NotTo(HaveOccurred())
	return key
}

// clientSecret finds the first secret of a client in what a KeyLogWriter got.
func clientSecret(log []byte) []byte {
	GinkgoHelper()
	for line := range bytes.Lines(log) {
		if words := bytes.Fields(line); string(words[0]) == "CLIENT_TRAFFIC_SECRET_0" {
			secret, err := hex.DecodeString(string(words[2]))
			Expect(err).NotTo(HaveOccurred())
			return secret
		}
	}
	Fail("no secret was logged")
	return nil
}

// flood is a client's wish for so many new keys, with a byte behind each dozen:
// crypto/tls ends a connection on which nothing else comes.
func flood(keys *keyring, dozens int) (records []byte) {
	for range dozens {
		for range 12 {
			records = append(records, keys.update()...)
		}
		records = append(records, keys.data('x')...)
	}
	return records
}

var _ = onBothStyles("TLS whose peer asks for new keys without end", func(newHost func() *memory.Host) {
	const (
		capacity = 4 << 10 // of what is under way
		dozens   = 2000
	)
	var (
		host *memory.Host
		p    *recorder.Stream
		t    *transports.TLS
		peer *securePeer
		rest []byte // of the flood
	)

	// press sends what is taken, and reports whether anything was.
	press := func() bool {
		GinkgoHelper()
		n, err := peer.end.Write(rest)
		Expect(err).NotTo(HaveOccurred())
		rest = rest[n:]
		host.RunUntilIdle()
		return n > 0
	}

	BeforeEach(func() {
		host, p = newHost(), &recorder.Stream{}
		var log bytes.Buffer
		cfg := clientTLS()
		cfg.KeyLogWriter = &log
		var near *memory.End
		t, near, peer = secured(host, p, transports.TLSConfig{}, cfg)
		Expect(peer.conn.Handshake()).To(Succeed())
		Expect(peer.conn.ConnectionState().CipherSuite).To(Equal(tls.TLS_AES_128_GCM_SHA256))
		host.RunUntilIdle()
		near.SetCapacity(capacity)
		rest = flood(newKeyring(clientSecret(log.Bytes())), dozens)
		for press() {
		}
	})

	AfterEach(func() {
		host.Do(t.Abort)
		host.RunUntilIdle()
	})

	It("stops reading before the answers fill the memory", func() {
		Expect(rest).NotTo(BeEmpty())
		var held int
		host.Do(func() { held = t.WriteBufferSize() })
		Expect(held).To(And(BeNumerically(">", 64<<10), BeNumerically("<", 400<<10)))
		Expect(p.String()).NotTo(ContainSubstring("pause"), "the protocol has written nothing")
	})

	It("loses nothing when the peer takes them", func() {
		for taken := true; taken; {
			taken = len(peer.end.Take(capacity)) > 0
			host.RunUntilIdle()
			taken = press() || taken
		}
		Expect(rest).To(BeEmpty())
		Expect(p.Data()).To(HaveLen(dozens))
		Expect(p.Data()).To(HaveEach(BeEquivalentTo('x')))
	})

	It("goes on being paused by its protocol", func() {
		got := len(p.Data())
		host.Do(t.PauseReading)
		for len(peer.end.Take(capacity)) > 0 {
			host.RunUntilIdle()
		}
		Expect(p.Data()).To(HaveLen(got))
		host.Do(t.ResumeReading)
		host.RunUntilIdle()
		Expect(len(p.Data())).To(BeNumerically(">", got))
	})

	It("hears nothing before that, though the protocol resumes", func() {
		got := len(p.Data())
		host.Do(t.PauseReading, t.ResumeReading)
		Expect(press()).To(BeFalse())
		Expect(p.Data()).To(HaveLen(got))
	})

	It("gives up a Close that the peer does not read", func() {
		host.Do(func() { _ = t.Close() })
		host.Advance(transports.DefaultShutdownTimeout)
		Expect(p.Err()).To(MatchError(os.ErrDeadlineExceeded))
	})
})
