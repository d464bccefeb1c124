package main_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"path/filepath"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"
	"github.com/onsi/gomega/gexec"

	"github.com/tidemill-go/tidemill/eventloop/looptest"
)

var styles = []string{"protocol", "streams"}

// halfCloser is what net.TCPConn, net.UnixConn and tls.Conn have in common.
type halfCloser interface {
	net.Conn
	CloseWrite() error
}

// trusting is a client's configuration for a certificate that is made for the run.
func trusting() *tls.Config { return &tls.Config{InsecureSkipVerify: true} }

// connect starts the program with one transport, and a client of it.
func connect(transport string, args ...string) halfCloser {
	GinkgoHelper()
	address := "127.0.0.1:0"
	if transport == "unix" {
		address = filepath.Join(GinkgoT().TempDir(), "s")
	}
	h := ready(start(append(args, "-json", "-"+transport, address)...))
	var c net.Conn
	var err error
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	switch transport {
	case "tls":
		c, err = (&tls.Dialer{Config: trusting()}).DialContext(ctx, "tcp", h.TLS)
	case "unix":
		c, err = (&net.Dialer{}).DialContext(ctx, "unix", h.Unix)
	default:
		c, err = (&net.Dialer{}).DialContext(ctx, "tcp", h.TCP)
	}
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(c.Close)
	Expect(c.SetDeadline(time.Now().Add(patience))).To(Succeed())
	return c.(halfCloser)
}

var _ = Describe("the style of echo", func() {
	for _, style := range styles {
		for _, kind := range looptest.Kinds() {
			for _, transport := range streams(kind) {
				When("it is "+style+" on "+kind+" over "+transport, func() {
					It("answers while the client sends, and ends behind what came before the end of input", func() {
						c := connect(transport, on(kind, "-style", style)...)
						for _, word := range []string{"one", "two"} {
							Expect(c.Write([]byte(word))).To(Equal(3))
							answer := make([]byte, 3)
							Expect(io.ReadFull(c, answer)).To(Equal(3))
							Expect(string(answer)).To(Equal(word))
						}
						last := bytes.Repeat([]byte("three"), 100_000)
						sent := make(chan error, 1)
						go func() { sent <- sendAll(c, last) }()
						Expect(io.ReadAll(c)).To(Equal(last))
						Expect(<-sent).To(Succeed())
					})
				})
			}
		}

		It("answers what came in one piece with the end of the handshake and the end of input over TLS, when it is "+style, func() {
			h := ready(start("-json", "-tls", "127.0.0.1:0", "-style", style))
			held := &holding{Conn: dial(h.TLS)}
			c := tls.Client(held, trusting())
			Expect(c.Handshake()).To(Succeed())
			Expect(c.Write([]byte("x"))).To(Equal(1))
			Expect(c.CloseWrite()).To(Succeed())
			Expect(held.release()).To(Succeed())
			Expect(io.ReadAll(c)).To(Equal([]byte("x")))
		})

		for _, transport := range streams(looptest.Kinds()[0]) {
			It("echoes 32 MiB over "+transport+" to a client that reads late and slowly, when it is "+style, func() {
				slowReader(connect(transport, "-style", style), style)
			})
		}
	}

	It("is refused as a usage error if nobody knows it", func() {
		session := start("-style", "quantum", "-check")
		Eventually(session, patience).Should(gexec.Exit(2))
		Expect(session.Err).To(gbytes.Say(`invalid value "quantum" for flag -style: neither protocol nor streams`))
		Expect(session.Out.Contents()).To(BeEmpty())
	})

	It("has nothing to say of a client that breaks the connection", func() {
		for _, style := range styles {
			session := start("-json", "-tcp", "127.0.0.1:0", "-style", style)
			h := ready(session)
			c := dial(h.TCP)
			Expect(c.Write([]byte("x"))).To(Equal(1))
			Expect(io.ReadFull(c, make([]byte, 1))).To(Equal(1))
			Expect(c.SetLinger(0)).To(Succeed())
			Expect(c.Close()).To(Succeed())
			other := dial(h.TCP) // served behind the reset of the first
			Expect(other.CloseWrite()).To(Succeed())
			Expect(io.ReadAll(other)).To(BeEmpty())
			end(session)
			Expect(session.Err.Contents()).To(BeEmpty())
		}
	})
})

// slowReader sends 32 MiB, and reads nothing before the style has shown whether
// it takes all of that; then it reads in small pieces.
func slowReader(c halfCloser, style string) {
	GinkgoHelper()
	want := make([]byte, 32<<20)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(want) // never fails
	sent := make(chan error, 1)
	go func() { sent <- sendAll(c, want) }()
	if style == "streams" {
		Consistently(sent, "300ms").ShouldNot(Receive(), "the server waits for the client")
	} else {
		Eventually(sent, patience).Should(Receive(BeNil()), "the server keeps it all")
		sent <- nil
	}
	got := sha256.New()
	n, err := io.CopyBuffer(struct{ io.Writer }{got}, struct{ io.Reader }{c}, make([]byte, 4<<10))
	Expect(err).NotTo(HaveOccurred())
	Expect(n).To(BeEquivalentTo(len(want)))
	sum := sha256.Sum256(want)
	Expect(got.Sum(nil)).To(Equal(sum[:]))
	Expect(<-sent).To(Succeed())
}

// sendAll sends b and the end of output.
func sendAll(c halfCloser, b []byte) error {
	_, err := c.Write(b)
	return errors.Join(err, c.CloseWrite())
}

// holding keeps back what is written behind the first piece, the ClientHello.
type holding struct {
	net.Conn
	begun bool
	held  bytes.Buffer
}

func (h *holding) Write(p []byte) (int, error) {
	if h.begun {
		return h.held.Write(p)
	}
	h.begun = true
	return h.Conn.Write(p)
}

// release takes back the deadline that tls.Conn sets when it ends its output.
func (h *holding) release() error {
	if err := h.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, err := h.Conn.Write(h.held.Bytes())
	return err
}
