package transports_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
	"github.com/tidemill-go/tidemill/transports"
	"github.com/tidemill-go/tidemill/transports/memory"
)

// A sender writes at random, under a kernel that takes at random.
type sender struct {
	host      *memory.Host
	rnd       *rand.Rand
	p         *recorder.Stream
	s         *transports.Stream
	near, far *memory.End
	written   []byte
	arrived   []byte
	sequence  byte
}

func newSender(host *memory.Host, rnd *rand.Rand) *sender {
	x := &sender{host: host, rnd: rnd, p: &recorder.Stream{}}
	x.s, x.near, x.far = made(host, x.p, transports.StreamConfig{})
	x.p.OnResume = func() {
		if rnd.IntN(3) == 0 {
			x.write()
		}
	}
	return x
}

// bytes are different from one write to the next.
func (x *sender) bytes() []byte {
	sizes := []int{0, 1, 10, 500, 5_000, 20_000, 80_000}
	b := make([]byte, x.rnd.IntN(sizes[x.rnd.IntN(len(sizes))]+1))
	for i := range b {
		x.sequence++
		b[i] = x.sequence ^ byte(i>>8)
	}
	return b
}

func (x *sender) write() {
	b := x.bytes()
	x.written = append(x.written, b...)
	if x.rnd.IntN(3) == 0 {
		cut := x.rnd.IntN(len(b) + 1)
		_, _ = x.s.WriteBuffers(net.Buffers{b[:cut], nil, b[cut:]})
	} else {
		_, _ = x.s.Write(b)
	}
	clear(b) // the memory is the caller's again
}

// act does one thing inside a callback.
func (x *sender) act() {
	switch x.rnd.IntN(10) {
	case 0, 1, 2, 3, 4:
		for range x.rnd.IntN(4) {
			x.write()
		}
	case 5:
		high := x.rnd.IntN(100_000)
		_ = x.s.SetWriteBufferLimits(protocols.Watermarks{High: high, Low: x.rnd.IntN(high + 1)})
	case 6:
		x.s.IsClosing()
	case 7:
		x.near.SetCapacity(1 + x.rnd.IntN(100_000))
		x.near.Trickle(x.rnd.IntN(3) * x.rnd.IntN(30_000))
	case 8:
		x.near.Clog(x.rnd.IntN(2) == 0)
	case 9:
		x.arrived = append(x.arrived, x.far.Take(x.rnd.IntN(100_000))...)
	}
}

// balance is what the size should be: accepted and not taken by the kernel.
func (x *sender) balance() int { return len(x.written) - len(x.arrived) - x.far.Waiting() }

// finish lets everything through.
func (x *sender) finish() {
	x.near.Clog(false)
	x.near.Trickle(0)
	x.near.SetCapacity(50_000)
	_ = x.s.Close()
}

func (x *sender) drain() (err error) {
	var data []byte
	data, err = x.far.ReadAll()
	x.arrived = append(x.arrived, data...)
	return err
}

var _ = onBothStyles("the output of a Stream", func(newHost func() *memory.Host) {
	const rounds, steps = 15, 200

	It("keeps bytes in order, its size true, and resumes whoever was paused", func() {
		for round := range rounds {
			rnd := rand.New(rand.NewPCG(uint64(GinkgoRandomSeed()), uint64(round)))
			By(fmt.Sprintf("round %d", round))
			host := newHost()
			// Two of them share the host's buffers.
			senders := []*sender{newSender(host, rnd), newSender(host, rnd)}
			for range steps {
				x := senders[rnd.IntN(2)]
				var size, balance int
				host.Do(x.act, func() { size, balance = x.s.WriteBufferSize(), x.balance() })
				Expect(size).To(Equal(balance))
			}
			expectWhole(host, senders)
		}
	})
})

// expectWhole closes the senders and checks all that they did.
func expectWhole(host *memory.Host, senders []*sender) {
	GinkgoHelper()
	for _, x := range senders {
		host.Do(x.finish)
		for n := 0; x.drain() == nil; n++ {
			Expect(n).To(BeNumerically("<", 100_000), "the output does not end")
			host.Step()
		}
		Expect(x.drain()).To(Equal(io.EOF))
		host.RunUntilIdle()
		Expect(bytes.Equal(x.arrived, x.written)).To(BeTrue(), "bytes lost, repeated or exchanged")
		events := x.p.String()
		Expect(events).To(HaveSuffix("lost(nil)"))
		Expect(strings.Count(events, "pause")).To(Equal(strings.Count(events, "resume")))
		Expect(x.p.Violations()).To(BeEmpty())
	}
	Expect(host.Failures()).To(BeEmpty())
}

var _ = Describe("the output of a Stream over completion", func() {
	It("survives completions that are withheld and reordered", func() {
		for round := range 15 {
			rnd := rand.New(rand.NewPCG(uint64(GinkgoRandomSeed()), uint64(round)))
			By(fmt.Sprintf("round %d", round))
			host, driver := memory.NewCompletion()
			senders := []*sender{newSender(host, rnd), newSender(host, rnd)}
			for range 200 {
				x := senders[rnd.IntN(2)]
				switch rnd.IntN(6) {
				case 0:
					driver.Withhold()
				case 1:
					driver.Release()
				case 2:
					driver.Reorder()
				case 3:
					if n := driver.Pending(); n > 0 {
						driver.ReleaseOne(rnd.IntN(n))
					}
				}
				var size, balance int
				host.Do(x.act, func() { size, balance = x.s.WriteBufferSize(), x.balance() })
				Expect(size).To(BeNumerically(">=", balance), "what is not reported is not taken")
			}
			driver.Release()
			expectWhole(host, senders)
		}
	})
})
