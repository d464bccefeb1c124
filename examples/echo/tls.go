package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"time"
)

// certificate is that of -cert and -key, or one made for this run that nobody
// trusts.
func (o *options) certificate() (tls.Certificate, error) {
	switch {
	case o.tls == "" && o.cert+o.key != "":
		return tls.Certificate{}, errors.New("-cert and -key go with -tls")
	case o.cert == "" && o.key == "":
		return selfMade()
	case o.cert == "" || o.key == "":
		return tls.Certificate{}, errors.New("-cert and -key go together")
	}
	return tls.LoadX509KeyPair(o.cert, o.key)
}

func selfMade() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: "localhost"},
		DNSNames:     []string{"localhost"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().AddDate(0, 0, 7),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, leaf, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

// pinned is a client that trusts one certificate, whoever has issued it.
func pinned(c tls.Certificate) *tls.Config {
	return &tls.Config{
		InsecureSkipVerify: true, // VerifyConnection does it
		VerifyConnection: func(s tls.ConnectionState) error {
			if !bytes.Equal(s.PeerCertificates[0].Raw, c.Certificate[0]) {
				return errors.New("this is not our certificate")
			}
			return nil
		},
	}
}
