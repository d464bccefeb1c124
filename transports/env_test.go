package transports_test

import (
	"io"
	"net/netip"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/transports"
	"github.com/tidemill-go/tidemill/transports/conformance"
	"github.com/tidemill-go/tidemill/transports/memory"
)

// styles are the doubles that every spec of a transport runs on.
var styles = map[string]func() *memory.Host{
	"readiness": func() *memory.Host {
		host, _ := memory.NewReadiness()
		return host
	},
	"completion": func() *memory.Host {
		host, _ := memory.NewCompletion()
		return host
	},
}

// onBothStyles describes something once over each double.
func onBothStyles(name string, body func(newHost func() *memory.Host)) bool {
	for _, style := range []string{"readiness", "completion"} {
		Describe(name+" over "+style, Offset(1), func() { body(styles[style]) })
	}
	return true
}

func address(text string) platform.Sockaddr {
	return platform.InetSockaddr(netip.MustParseAddrPort(text))
}

// env is a memory.Host as the conformance specs want a loop.
type env struct{ *memory.Host }

var _ conformance.Env = env{}

func (e env) Connect(p protocols.Protocol) conformance.Peer {
	GinkgoHelper()
	near, far := e.Pair(0)
	local := address("192.0.2.1:80")
	_, err := transports.NewStream(e.Host, near.FD(), p, transports.StreamConfig{
		Local: &local, Remote: address("192.0.2.2:4711"),
	})
	Expect(err).NotTo(HaveOccurred())
	e.RunUntilIdle()
	DeferCleanup(func() { Expect(near.IsClosed()).To(BeTrue(), "the descriptor is left open") })
	return &peer{host: e.Host, end: far}
}

func (e env) Turn() { e.RunUntilIdle() }

func (e env) Settle() { e.RunUntilIdle() }

func (e env) Warnings() int { return len(e.Host.Warnings()) }

// peer is the far end as a program would use it: what is not there yet is
// stepped for.
type peer struct {
	host *memory.Host
	end  *memory.End
}

func (p *peer) Write(b []byte) {
	GinkgoHelper()
	for len(b) > 0 {
		n, err := p.end.Write(b)
		if err != nil {
			return
		}
		b = b[n:]
		if n == 0 && !p.host.Step() {
			Fail("nobody reads what the peer writes")
		}
	}
}

func (p *peer) Take(n int) []byte {
	got := p.end.Take(n)
	for len(got) < n && p.host.Step() {
		got = append(got, p.end.Take(n-len(got))...)
	}
	return got
}

func (p *peer) ReadAll() ([]byte, error) {
	GinkgoHelper()
	var all []byte
	for {
		data, err := p.end.ReadAll()
		all = append(all, data...)
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		if !p.host.Step() && p.end.Waiting() == 0 && !p.end.Ended() {
			Fail("the connection does not end")
		}
	}
}

func (p *peer) CloseWrite() { _ = p.end.CloseWrite() }
func (p *peer) Close()      { p.end.Close() }
func (p *peer) Reset()      { p.end.Reset() }
