package transports_test

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
	"github.com/tidemill-go/tidemill/transports"
	"github.com/tidemill-go/tidemill/transports/memory"
)

// postOffice is a DatagramDriver whose datagrams the spec brings and takes. The
// descriptor in it is real; nothing is sent by it.
type postOffice struct {
	transports.Driver // none of its other methods is for datagrams

	fd       int
	sink     transports.DatagramSink
	reading  bool
	awaiting int // calls of AwaitRoom
	closed   bool

	sent  []string                             // "payload" or "payload to address"
	calls []int                                // datagrams offered at a time
	taken func(payload string) (refusal error) // nil: everything
}

var _ transports.DatagramDriver = (*postOffice)(nil)

func (p *postOffice) OpenDatagram(fd int, _ transports.DatagramOptions, s transports.DatagramSink) (transports.Handle, error) {
	p.fd, p.sink = fd, s
	return transports.NewHandle(0, 1), nil
}

func (p *postOffice) Read(_ transports.Handle, on bool) { p.reading = on }

func (p *postOffice) AwaitRoom(transports.Handle) error {
	p.awaiting++
	return nil
}

func (p *postOffice) SendDatagrams(_ transports.Handle, batch []platform.Outgoing) (n int, err error) {
	p.calls = append(p.calls, len(batch))
	for i := range batch {
		if p.taken != nil {
			if err := p.taken(string(batch[i].Data)); err != nil {
				return i, err
			}
		}
		line := string(batch[i].Data)
		if to := &batch[i].To; !to.IsZero() {
			line += " to " + to.Sockaddr().String()
		}
		p.sent = append(p.sent, line)
	}
	return len(batch), nil
}

func (p *postOffice) Close(transports.Handle) {
	p.closed = true
	_ = platform.CloseFD(p.fd)
}

// refusing makes the post office refuse everything.
func (p *postOffice) refusing(err error) { p.taken = func(string) error { return err } }

// datagramHost is a memory.Host with a post office.
type datagramHost struct {
	*memory.Host
	post *postOffice
}

func (h *datagramHost) Driver() transports.Driver { return h.post }

func newDatagramHost() *datagramHost {
	host, _ := memory.NewReadiness()
	return &datagramHost{Host: host, post: &postOffice{}}
}

// udpSocket returns the descriptor of a bound socket.
func udpSocket() int {
	GinkgoHelper()
	fd, err := platform.OpenSocket(syscall.AF_INET, syscall.SOCK_DGRAM)
	Expect(err).NotTo(HaveOccurred())
	Expect(platform.Bind(fd, address("127.0.0.1:0"))).To(Succeed())
	return fd
}

// endpoint makes an endpoint under p and lets ConnectionMade be called. It is
// brought to its end with the spec.
func (h *datagramHost) endpoint(p protocols.DatagramProtocol, cfg transports.DatagramConfig) *transports.Datagram {
	GinkgoHelper()
	if cfg.Network == "" {
		cfg.Network = "udp"
	}
	d, err := transports.NewDatagram(h, udpSocket(), p, cfg)
	Expect(err).NotTo(HaveOccurred())
	h.RunUntilIdle()
	DeferCleanup(func() {
		h.Do(d.Abort)
		h.RunUntilIdle()
		Expect(h.post.closed).To(BeTrue(), "the descriptor is left open")
		if r, ok := p.(*recorder.Datagram); ok {
			Expect(r.Violations()).To(BeEmpty())
		}
	})
	return d
}

// from makes a received batch of one sender.
func from(sender string, payloads ...string) (batch []platform.Datagram) {
	GinkgoHelper()
	name, err := platform.NameOf(address(sender))
	Expect(err).NotTo(HaveOccurred())
	for _, p := range payloads {
		batch = append(batch, platform.Datagram{Data: []byte(p), From: &name})
	}
	return batch
}

// arrive hands batches to the endpoint, all in one callback.
func (h *datagramHost) arrive(batches ...[]platform.Datagram) {
	h.Do(func() { h.post.sink.Arrived(slices.Concat(batches...)) })
}

func udpAddr(text string) *net.UDPAddr { return net.UDPAddrFromAddrPort(netip.MustParseAddrPort(text)) }

// sends calls SendTo on the loop for each payload and returns the errors that
// there were.
func (h *datagramHost) sends(d *transports.Datagram, to net.Addr, payloads ...string) (errs []error) {
	h.Do(func() {
		for _, p := range payloads {
			if err := d.SendTo([]byte(p), to); err != nil {
				errs = append(errs, err)
			}
		}
	})
	return errs
}

func many(n int, payload string) []string {
	return strings.Split(strings.Repeat(payload+" ", n)[:n*(len(payload)+1)-1], " ")
}
