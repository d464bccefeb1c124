//go:build unix

package main_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"

	"github.com/tidemill-go/tidemill/eventloop/looptest"
	"github.com/tidemill-go/tidemill/transports/conformance"
)

// tool returns a command of another program, or skips the spec with the reason.
func tool(name string, args ...string) *exec.Cmd {
	GinkgoHelper()
	path, err := exec.LookPath(name)
	if err != nil {
		Skip(fmt.Sprintf("%s is not installed on this machine", name))
	}
	return exec.Command(path, args...)
}

// through runs a client with input on stdin and returns its output.
func through(client *exec.Cmd, input []byte) []byte {
	GinkgoHelper()
	client.Stdin = bytes.NewReader(input)
	var out bytes.Buffer
	session, err := gexec.Start(client, io.MultiWriter(&out, GinkgoWriter), GinkgoWriter)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { session.Kill().Wait(patience) })
	Eventually(session, patience).Should(gexec.Exit(0))
	return out.Bytes()
}

var long = bytes.Repeat([]byte("0123456789abcdef"), 1<<14)

var _ = Describe("echo for other programs", func() {
	short := []byte("one datagram\n")

	for _, kind := range looptest.Kinds() {
		for _, style := range styles {
			Context("on "+kind+" in the style "+style, func() { streamSpecs(kind, style) })
		}
		Context("on "+kind, func() {
			It("echoes to socat over UDP", func() {
				h := ready(start(on(kind, "-json", "-udp", "127.0.0.1:0")...))
				Expect(through(tool("socat", "-T1", "-", "UDP:"+h.UDP), short)).To(Equal(short))
			})

			It("is a filter between two pipes", func() {
				session := program(on(kind, "-stdio")...)
				Expect(through(session, long)).To(Equal(long))
			})
		})
	}
})

// streamSpecs are those of the stream transports.
func streamSpecs(kind, style string) {
	serve := func(args ...string) hello {
		GinkgoHelper()
		return ready(start(on(kind, append(args, "-json", "-style", style)...)...))
	}

	It("echoes to socat over TCP until it has ended its half", func() {
		h := serve("-tcp", "127.0.0.1:0")
		Expect(through(tool("socat", "-t10", "-", "TCP:"+h.TCP), long)).To(Equal(long))
	})

	It("echoes to socat over TLS, with the certificate of -cert", func() {
		dir, pki := GinkgoT().TempDir(), conformance.NewPKI()
		certificate, key := conformance.PEMs(pki.Issue(time.Time{}, "localhost"))
		for name, contents := range map[string][]byte{"ca": pki.PEM(), "cert": certificate, "key": key} {
			Expect(os.WriteFile(filepath.Join(dir, name), contents, 0o600)).To(Succeed())
		}
		h := serve("-tls", "127.0.0.1:0", "-cert", filepath.Join(dir, "cert"), "-key", filepath.Join(dir, "key"))
		to := "OPENSSL:" + h.TLS + ",commonname=localhost,cafile=" + filepath.Join(dir, "ca")
		Expect(through(tool("socat", "-t10", "-", to), long)).To(Equal(long))
	})

	It("echoes to socat over a Unix socket", func() {
		path := filepath.Join(GinkgoT().TempDir(), "s")
		h := serve("-unix", path)
		Expect(h.Unix).To(Equal(path))
		Expect(through(tool("socat", "-t10", "-", "UNIX-CONNECT:"+path), long)).To(Equal(long))
	})

	It("echoes to socat over an abstract name", func() {
		name := fmt.Sprintf("echo-%s-%s-%d", kind, style, GinkgoRandomSeed())
		h := serve("-unix", "@"+name)
		Expect(h.Unix).To(Equal("@" + name))
		Expect(through(tool("socat", "-t10", "-", "ABSTRACT-CONNECT:"+name), long)).To(Equal(long))
	})

	It("answers ncat after it has half-closed", func() {
		h := serve("-tcp", "127.0.0.1:0")
		host, port, _ := strings.Cut(h.TCP, ":")
		Expect(through(tool("ncat", host, port), long)).To(Equal(long))
	})
}
