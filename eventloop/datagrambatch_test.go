package eventloop_test

import (
	"encoding/binary"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
)

// plainEcho sends every datagram back to its sender.
type plainEcho struct {
	protocols.DatagramBase
	transport protocols.DatagramTransport
	count     int
}

func (e *plainEcho) ConnectionMade(t protocols.DatagramTransport) { e.transport = t }

func (e *plainEcho) DatagramReceived(data []byte, from net.Addr) {
	e.count++
	_ = e.transport.SendTo(data, from)
}

// batchedEcho does so a batch at a time.
type batchedEcho struct{ plainEcho }

func (e *batchedEcho) DatagramsReceived(batch []protocols.Datagram) {
	for i := range batch {
		e.count++
		_ = e.transport.SendToAddrPort(batch[i].Data, batch[i].Addr)
	}
}

// bareClient sends and receives without an allocation, which package net does
// not promise.
func bareClient(to net.Addr) int {
	GinkgoHelper()
	fd, err := platform.OpenSocket(syscall.AF_INET, syscall.SOCK_DGRAM)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { _ = platform.CloseFD(fd) })
	name, err := platform.SockaddrOf(to)
	Expect(err).NotTo(HaveOccurred())
	Expect(platform.Connect(fd, name)).To(Succeed())
	return fd
}

// exchange is one client of many that keeps 8 numbered datagrams under way, and
// returns how many of count did not come back in order.
func exchange(to *net.UDPAddr, count int) (lost int, err error) {
	c, err := net.DialUDP("udp4", nil, to)
	if err != nil {
		return count, err
	}
	defer c.Close()
	const depth = 8
	out, in := make([]byte, 64), make([]byte, 100)
	for sent := 0; sent < count; sent += depth {
		for i := range depth {
			binary.BigEndian.PutUint64(out, uint64(sent+i))
			if _, err := c.Write(out); err != nil {
				return lost, err
			}
		}
		_ = c.SetReadDeadline(time.Now().Add(patient))
		for i := range depth {
			n, err := c.Read(in)
			if err != nil {
				return lost + depth - i, err
			}
			if n != len(out) || binary.BigEndian.Uint64(in) != uint64(sent+i) {
				lost++
			}
		}
	}
	return lost, nil
}

func datagramBatchSpecs(kind string) {
	echoes := map[string]func() (protocols.DatagramProtocol, *plainEcho){
		"one at a time": func() (protocols.DatagramProtocol, *plainEcho) { e := &plainEcho{}; return e, e },
		"in batches":    func() (protocols.DatagramProtocol, *plainEcho) { e := &batchedEcho{}; return e, &e.plainEcho },
	}
	for _, how := range []string{"one at a time", "in batches"} {
		Describe("an echo over UDP, handed out "+how, func() {
			It("allocates nothing for a datagram", func(ctx SpecContext) {
				w := newRealWorld(kind)
				halt := w.background()
				p, echo := echoes[how]()
				t := datagramEndpoint(ctx, w, p, onLoopback)
				halt()
				client := bareClient(t.LocalAddr())
				message, answer := make([]byte, 64), make([]byte, 100)
				const perRun = 48
				// A run of the loop allocates something itself.
				run := func(datagrams int) float64 {
					return testing.AllocsPerRun(50, func() {
						for range datagrams {
							if _, err := platform.Send(client, message); err != nil {
								panic(err)
							}
						}
						w.Stop()
						_ = w.RunForever()
						for range datagrams {
							if n, err := platform.Recv(client, answer); n != len(message) {
								panic(err)
							}
						}
					})
				}
				run(perRun) // what is made at first use
				echo.count = 0
				idle, busy := run(0), run(perRun)
				Expect(echo.count).To(Equal(51 * perRun))
				Expect(busy).To(Equal(idle))
			}, bounded)

			It("loses nothing of 16 clients that keep 8 datagrams under way", func(ctx SpecContext) {
				w := newRealWorld(kind)
				w.background()
				p, echo := echoes[how]()
				t := datagramEndpoint(ctx, w, p, onLoopback)
				const clients, each = 16, 400
				lost, errs := make([]int, clients), make([]error, clients)
				var all sync.WaitGroup
				for i := range clients {
					all.Go(func() { lost[i], errs[i] = exchange(t.LocalAddr().(*net.UDPAddr), each) })
				}
				all.Wait()
				Expect(errs).To(HaveEach(BeNil()))
				Expect(lost).To(HaveEach(0))
				count := 0
				w.on(ctx, func() { count = echo.count })
				Expect(count).To(Equal(clients * each))
			}, bounded)
		})
	}
}
