package eventloop_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
	"github.com/tidemill-go/tidemill/transports/conformance"
)

// program is somebody else's program with its standard streams.
type program struct {
	stdin io.WriteCloser
	out   *gbytes.Buffer // and its standard error
	over  chan error
	heard int // of out
}

// start runs a program in a folder with the files ca.pem, cert.pem and key.pem,
// and kills it with the spec. Without it the spec is skipped: there is nothing to
// be held to.
func start(name string, args ...string) *program {
	GinkgoHelper()
	path, err := exec.LookPath(name)
	if err != nil {
		Skip(name + " is not installed on this machine")
	}
	dir := GinkgoT().TempDir()
	certificate, key := conformance.PEMs(localhost())
	for file, contents := range map[string][]byte{"ca.pem": pki().PEM(), "cert.pem": certificate, "key.pem": key} {
		Expect(os.WriteFile(filepath.Join(dir, file), contents, 0o600)).To(Succeed())
	}
	cmd := exec.Command(path, args...)
	p := &program{out: gbytes.NewBuffer(), over: make(chan error, 1)}
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, p.out, p.out
	p.stdin, err = cmd.StdinPipe()
	Expect(err).NotTo(HaveOccurred())
	Expect(cmd.Start()).To(Succeed())
	exited := make(chan struct{})
	go func() {
		p.over <- cmd.Wait()
		close(exited)
	}()
	DeferCleanup(func() {
		_ = cmd.Process.Kill()
		<-exited
		AddReportEntry(name, string(p.out.Contents()), ReportEntryVisibilityFailureOrVerbose)
	})
	return p
}

func (p *program) types(line string) {
	GinkgoHelper()
	_, err := fmt.Fprintln(p.stdin, line)
	Expect(err).NotTo(HaveOccurred())
}

// says waits for what a pattern describes, behind what it has waited for before.
// A gbytes.Buffer is not given to Eventually, which prints it without its lock.
func (p *program) says(ctx context.Context, pattern string) {
	GinkgoHelper()
	expected := regexp.MustCompile(pattern)
	Eventually(ctx, func() string {
		at := expected.FindIndex(p.out.Contents()[p.heard:])
		if at == nil {
			return string(p.out.Contents()[p.heard:])
		}
		p.heard += at[1]
		return pattern
	}).WithTimeout(patient).Should(Equal(pattern))
}

// serverOf starts openssl s_server and returns where it listens.
func serverOf(ctx context.Context, args ...string) (p *program, address string) {
	GinkgoHelper()
	p = start("openssl", append([]string{"s_server", "-accept", "127.0.0.1:0", "-cert", "cert.pem", "-key", "key.pem"}, args...)...)
	p.says(ctx, `ACCEPT 127\.0\.0\.1:\d+\n`)
	at := regexp.MustCompile(`ACCEPT (127\.0\.0\.1:\d+)`).FindSubmatch(p.out.Contents())
	return p, string(at[1])
}

func clientOf(to net.Addr, args ...string) *program {
	GinkgoHelper()
	return start("openssl", append([]string{
		"s_client", "-connect", to.String(), "-servername", "localhost", "-CAfile", "ca.pem", "-verify_return_error",
	}, args...)...)
}

// page answers one request of HTTP and closes.
type page struct {
	protocols.Base
	transport protocols.Transport
	request   []byte
}

func (p *page) ConnectionMade(t protocols.Transport) { p.transport = t }

func (p *page) DataReceived(b []byte) {
	if p.request = append(p.request, b...); bytes.HasSuffix(p.request, []byte("\r\n\r\n")) {
		_, _ = io.WriteString(p.transport, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello, curl\n")
		_ = p.transport.Close()
	}
}

func tlsPeerSpecs(kind string) {
	Describe("TLS with openssl", func() {
		for _, version := range []string{"1_2", "1_3"} {
			It("serves s_client, with ALPN, until it says goodbye, in TLS "+version, func(ctx SpecContext) {
				w, p := newRealWorld(kind), echoRecorder()
				w.background()
				cfg := serverTLS()
				cfg.NextProtos = []string{"echo"}
				server := servingTLS(ctx, w, func() protocols.Protocol { return p }, eventloop.ServerConfig{TLS: cfg})
				c := clientOf(server.Addrs()[0], "-tls"+version, "-alpn", "echo")
				c.says(ctx, "ALPN protocol: echo")
				c.says(ctx, `Verify return code: 0 \(ok\)`)
				c.types("hello")
				c.says(ctx, "hello")
				c.types("Q")
				Eventually(ctx, c.over).Should(Receive(BeNil()))
				ended(ctx, p)
				Expect(p.String()).To(Equal("made data(6) eof lost(nil)"))
				w.on(ctx, server.Close)
			}, bounded)
		}

		It("updates its keys for s_client, as often as that likes", func(ctx SpecContext) {
			w, p := newRealWorld(kind), echoRecorder()
			w.background()
			server := servingTLS(ctx, w, func() protocols.Protocol { return p }, eventloop.ServerConfig{})
			c := clientOf(server.Addrs()[0], "-tls1_3")
			c.says(ctx, "Verify return code")
			for i := range 3 {
				c.types("K")
				c.says(ctx, "KEYUPDATE")
				text := fmt.Sprint("after update ", i)
				c.types(text)
				c.says(ctx, text)
			}
			c.types("Q")
			ended(ctx, p)
			Expect(p.Err()).NotTo(HaveOccurred())
			w.on(ctx, server.Close)
		}, bounded)

		It("resumes the session of s_client", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			server := servingTLS(ctx, w, newEcho, eventloop.ServerConfig{})
			file := filepath.Join(GinkgoT().TempDir(), "session")
			first := clientOf(server.Addrs()[0], "-tls1_2", "-sess_out", file)
			first.says(ctx, "New, TLSv1.2")
			first.types("first of two") // and Q is a command only if it is all that is read at once
			first.says(ctx, "first of two")
			first.types("Q")
			Eventually(ctx, first.over).Should(Receive(BeNil()))
			second := clientOf(server.Addrs()[0], "-tls1_2", "-sess_in", file)
			second.says(ctx, "Reused, TLSv1.2")
			second.types("Q")
			Eventually(ctx, second.over).Should(Receive(BeNil()))
			w.on(ctx, server.Close)
		}, bounded)

		It("ends one half towards s_client, which then says goodbye", func(ctx SpecContext) {
			w, p := newRealWorld(kind), &recorder.Stream{}
			w.background()
			p.OnMade = func(t protocols.Transport) {
				_, _ = t.Write([]byte("all there is\n"))
				_ = t.(protocols.CloseWriter).CloseWrite()
			}
			server := servingTLS(ctx, w, func() protocols.Protocol { return p }, eventloop.ServerConfig{})
			c := clientOf(server.Addrs()[0])
			c.says(ctx, "all there is")
			c.says(ctx, "closed")
			ended(ctx, p)
			Expect(p.String()).To(Equal("made eof lost(nil)"))
			w.on(ctx, server.Close)
		}, bounded)

		It("talks to s_server with a client's certificate", func(ctx SpecContext) {
			w, p := newRealWorld(kind), &recorder.Stream{}
			w.background()
			s, address := serverOf(ctx, "-Verify", "1", "-verify_return_error", "-CAfile", "ca.pem", "-rev", "-alpn", "echo")
			cfg := clientTLS()
			cfg.NextProtos = []string{"echo"}
			cfg.Certificates = []tls.Certificate{pki().Issue(time.Time{}, "a client")}
			Expect(connectTLS(ctx, w, p, address, eventloop.ConnectionConfig{TLS: cfg})).To(Succeed())
			t := p.Transport()
			Expect(stateOf(ctx, w, t).NegotiatedProtocol).To(Equal("echo"))
			w.on(ctx, func() { _, _ = t.Write([]byte("hello\n")) })
			Eventually(ctx, func() string { return string(p.Data()) }).Should(Equal("olleh\n"))
			s.says(ctx, "a client")
			w.on(ctx, func() { _ = t.Close() })
			ended(ctx, p)
			Expect(p.Err()).NotTo(HaveOccurred())
		}, bounded)

		It("hears of s_server's key update and of its end", func(ctx SpecContext) {
			w, p := newRealWorld(kind), &recorder.Stream{}
			w.background()
			s, address := serverOf(ctx)
			Expect(connectTLS(ctx, w, p, address, eventloop.ConnectionConfig{})).To(Succeed())
			t := p.Transport()
			for i := range 3 {
				s.types("K") // a command only if it is all that s_server reads at once
				s.says(ctx, "SSL_do_handshake -> 1")
				w.on(ctx, func() { _, _ = t.Write([]byte("from us\n")) })
				s.says(ctx, "from us")
				s.types("x")
				Eventually(ctx, func() string { return string(p.Data()) }).Should(Equal(strings.Repeat("x\n", i+1)))
			}
			s.types("Q")
			ended(ctx, p)
			Expect(p.String()).To(Equal("made data(6) eof lost(nil)"))
		}, bounded)

		It("renegotiates with nobody", func(ctx SpecContext) {
			w, p := newRealWorld(kind), &recorder.Stream{}
			w.background()
			s, address := serverOf(ctx, "-tls1_2")
			cfg := clientTLS()
			cfg.Renegotiation = tls.RenegotiateFreelyAsClient
			Expect(connectTLS(ctx, w, p, address, eventloop.ConnectionConfig{TLS: cfg})).To(Succeed())
			s.types("r")
			ended(ctx, p)
			Expect(p.Err()).To(MatchError(ContainSubstring("no renegotiation")))
		}, bounded)
	})

	It("serves https to curl", func(ctx SpecContext) {
		w := newRealWorld(kind)
		w.background()
		server := servingTLS(ctx, w, func() protocols.Protocol { return &page{} }, eventloop.ServerConfig{})
		_, port, err := net.SplitHostPort(server.Addrs()[0].String())
		Expect(err).NotTo(HaveOccurred())
		c := start("curl", "--silent", "--show-error", "--http1.1", "--cacert", "ca.pem", "--max-time", "5",
			"--resolve", "localhost:"+port+":127.0.0.1", "https://localhost:"+port+"/")
		Eventually(ctx, c.over).Should(Receive(BeNil()))
		Expect(string(c.out.Contents())).To(Equal("hello, curl\n"))
		w.on(ctx, server.Close)
	}, bounded)
}
