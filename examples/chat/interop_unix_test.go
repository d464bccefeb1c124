//go:build unix

package main_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"
	"github.com/onsi/gomega/gexec"
)

// tool returns a client of other people, or skips the spec with the reason.
func tool(name string, args ...string) *exec.Cmd {
	GinkgoHelper()
	path, err := exec.LookPath(name)
	if err != nil {
		Skip(fmt.Sprintf("%s is not installed on this machine", name))
	}
	return exec.Command(path, args...)
}

// client runs one of those and returns what to type into it.
func client(cmd *exec.Cmd) (session *gexec.Session, keyboard io.WriteCloser) {
	GinkgoHelper()
	keyboard, err := cmd.StdinPipe()
	Expect(err).NotTo(HaveOccurred())
	session, err = gexec.Start(cmd, GinkgoWriter, GinkgoWriter)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { session.Kill().Wait(patience) })
	return session, keyboard
}

// trusted writes the certificate that the program has printed to a file.
func trusted(session *gexec.Session) string {
	GinkgoHelper()
	path := filepath.Join(GinkgoT().TempDir(), "ca.pem")
	Expect(os.WriteFile(path, printed(session), 0o600)).To(Succeed())
	return path
}

var _ = Describe("chat for other programs", func() {
	It("serves socat and ncat", func() {
		_, addresses := start("-listen", "127.0.0.1:0")
		plain := addresses["plain"]
		host, port, _ := strings.Cut(plain, ":")
		first, keys := client(tool("socat", "-", "TCP:"+plain))
		Eventually(first, patience).Should(gbytes.Say("welcome, guest1"))
		second, others := client(tool("ncat", "--crlf", host, port))
		Eventually(first, patience).Should(gbytes.Say("guest2 has come into lobby"))
		_, err := io.WriteString(keys, "hello, ncat\n")
		Expect(err).NotTo(HaveOccurred())
		Eventually(second, patience).Should(gbytes.Say("guest1: hello, ncat\n"))
		_, err = io.WriteString(others, "/quit\n")
		Expect(err).NotTo(HaveOccurred())
		Expect(others.Close()).To(Succeed())
		Eventually(second, patience).Should(gexec.Exit(0))
		Eventually(first, patience).Should(gbytes.Say("guest2 has left lobby\n"))
		Expect(keys.Close()).To(Succeed())
		Eventually(first, patience).Should(gexec.Exit(0))
	})

	It("serves openssl s_client beside plain connections, by a certificate of its own making", func() {
		session, addresses := start("-tls", "127.0.0.1:0", "-listen", "127.0.0.1:0")
		ana := talk(addresses["plain"])
		secure, keys := client(tool("openssl", "s_client", "-quiet", "-verify_return_error", "-verify_hostname", "localhost",
			"-CAfile", trusted(session), "-connect", addresses["tls"]))
		Expect(ana.hears()).To(Equal("* guest2 has come into lobby"))
		_, err := io.WriteString(keys, "hello in secret\n")
		Expect(err).NotTo(HaveOccurred())
		Expect(ana.hears()).To(Equal("guest2: hello in secret"))
		ana.says("and back")
		Eventually(secure, patience).Should(gbytes.Say("guest1: and back\n"))
		_, err = io.WriteString(keys, "/quit\n")
		Expect(err).NotTo(HaveOccurred())
		Expect(ana.hears()).To(Equal("* guest2 has left lobby"))
		Eventually(secure, patience).Should(gexec.Exit(0))
	})

	It("serves by a given certificate", func() {
		certs := filepath.Join("..", "..", "conformance", "certs")
		_, addresses := start("-tls", "127.0.0.1:0", "-cert", filepath.Join(certs, "server.pem"), "-key", filepath.Join(certs, "server.key"))
		secure, keys := client(tool("openssl", "s_client", "-quiet", "-verify_return_error", "-verify_hostname", "localhost",
			"-CAfile", filepath.Join(certs, "ca.pem"), "-connect", addresses["tls"]))
		Eventually(secure, patience).Should(gbytes.Say("welcome, guest1"))
		_, err := io.WriteString(keys, "/quit\n")
		Expect(err).NotTo(HaveOccurred())
		Eventually(secure, patience).Should(gexec.Exit(0))
	})
})

var _ = Describe("the end of chat", func() {
	It("says goodbye when it is interrupted", func() {
		server, addresses := start("-listen", "127.0.0.1:0")
		ana := talk(addresses["plain"])
		Eventually(server.Interrupt(), patience).Should(gexec.Exit(0))
		Expect(ana.hears()).To(Equal("* the chat is closing; goodbye"))
		_, err := ana.lines.ReadByte()
		Expect(err).To(MatchError(io.EOF))
		Expect(server.Err.Contents()).To(BeEmpty())
	})
})
