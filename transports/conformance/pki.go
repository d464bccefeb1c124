package conformance

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"time"
)

// A PKI issues certificates for specs. Its methods panic on failure.
type PKI struct {
	// Pool has the authority's own certificate.
	Pool *x509.CertPool

	ca  *x509.Certificate
	key *ecdsa.PrivateKey
}

// NewPKI makes an authority.
func NewPKI() *PKI {
	p := &PKI{Pool: x509.NewCertPool(), key: newKey()}
	own := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "specs"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	p.ca = must(x509.ParseCertificate(must(x509.CreateCertificate(rand.Reader, own, own, &p.key.PublicKey, p.key))))
	p.Pool.AddCert(p.ca)
	return p
}

// Issue makes a certificate for hosts, which are names or addresses; it will do
// for servers and for clients. It is valid until the given time, for an hour if
// that is zero.
func (p *PKI) Issue(until time.Time, hosts ...string) tls.Certificate {
	if until.IsZero() {
		until = time.Now().Add(time.Hour)
	}
	key := newKey()
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: hosts[0]},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: until,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			leaf.IPAddresses = append(leaf.IPAddresses, ip)
		} else {
			leaf.DNSNames = append(leaf.DNSNames, h)
		}
	}
	der := must(x509.CreateCertificate(rand.Reader, leaf, p.ca, &key.PublicKey, p.key))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// PEM returns the authority's certificate.
func (p *PKI) PEM() []byte { return block("CERTIFICATE", p.ca.Raw) }

// PEMs returns a certificate of Issue and its key.
func PEMs(c tls.Certificate) (certificate, key []byte) {
	return block("CERTIFICATE", c.Certificate[0]), block("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(c.PrivateKey)))
}

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func newKey() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
