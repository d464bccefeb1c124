//go:build unix

package tidemill_test

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/looptest"
	"github.com/tidemill-go/tidemill/protocols"
)

// datagramEcho answers each datagram with itself.
type datagramEcho struct {
	protocols.DatagramBase
	transport protocols.DatagramTransport
}

func (e *datagramEcho) ConnectionMade(t protocols.DatagramTransport) { e.transport = t }
func (e *datagramEcho) DatagramReceived(data []byte, addr net.Addr)  { e.transport.SendTo(data, addr) }

var _ = Describe("a unixgram endpoint", func() {
	for _, kind := range looptest.Kinds() {
		for name, spell := range map[string]func() (ours, forSocat string){
			"a path": func() (string, string) {
				path := filepath.Join(GinkgoT().TempDir(), "s")
				return path, "UNIX-SENDTO:" + path
			},
			"an abstract name": func() (string, string) {
				name := fmt.Sprintf("gram-%s-%d", kind, GinkgoRandomSeed())
				return "@" + name, "ABSTRACT-SENDTO:" + name
			},
		} {
			It("answers socat at "+name+" on "+kind, func() {
				socat, err := exec.LookPath("socat")
				if err != nil {
					Skip("socat is not installed on this machine")
				}
				ours, theirs := spell()
				e := newEnv(kind)
				ctx, cancel := context.WithTimeout(context.Background(), patience)
				defer cancel()
				factory := func() protocols.DatagramProtocol { return &datagramEcho{} }
				c, err := e.loop.CreateDatagramEndpoint(factory, &eventloop.DatagramConfig{Network: "unixgram", LocalAddr: ours}).Await(ctx)
				Expect(err).NotTo(HaveOccurred())
				DeferCleanup(func() { e.Do(func() { c.Transport.Close() }); e.Settle() })
				bind := ",bind=" + filepath.Join(GinkgoT().TempDir(), "client")
				if ours[0] == '@' {
					bind = ",bind=" + ours[1:] + "-client"
				}
				client := exec.Command(socat, "-T1", "-", theirs+bind)
				client.Stdin = strings.NewReader("one datagram")
				session, err := gexec.Start(client, GinkgoWriter, GinkgoWriter)
				Expect(err).NotTo(HaveOccurred())
				Eventually(session, patience).Should(gexec.Exit(0))
				Expect(string(session.Out.Contents())).To(Equal("one datagram"))
			})
		}
	}
})
