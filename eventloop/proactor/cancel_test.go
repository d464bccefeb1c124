//go:build linux || windows

package proactor_test

import (
	"math/rand/v2"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/proactor"
)

func cancelSpecs(m proactor.Mechanism, o proactor.Options) {
	Describe("Cancel", func() {
		It("ends a thousand receives at random moments: what arrives is told of or stays in the kernel", func(SpecContext) {
			with(m, o, func(p *bench) {
				const connections, rounds = 20, 50
				random := rand.New(rand.NewPCG(3, 4))
				var near, far [connections]int
				for i := range near {
					near[i], far[i] = pair(i%2 == 0)
				}
				var sent, got [connections][]byte
				for range rounds {
					for i := range near {
						p.Receive(near[i], uint32(i), false)
					}
					for i := range near {
						if random.IntN(2) == 0 {
							b := []byte{byte(random.Uint32()), byte(random.Uint32())}
							sent[i] = append(sent[i], b...)
							write(far[i], string(b))
						}
						if random.IntN(4) == 0 {
							_ = p.look(1 << 10) // what has completed is kept
						}
						p.Cancel(uint32(i), proactor.Receive)
					}
					for i := range near {
						for more := true; more; {
							for _, o := range p.await(uint32(i)) {
								Expect(o.Err()).To(Or(BeNil(), Equal(syscall.ECANCELED)))
								if more = o.More(); o.HasBuffer() {
									got[i] = append(got[i], p.Bytes(o)...)
									p.Recycle(o)
								}
							}
						}
					}
				}
				for i := range near {
					if rest := len(sent[i]) - len(got[i]); rest > 0 {
						got[i] = append(got[i], p.receive(near[i], uint32(i), rest)...)
					}
					Expect(got[i]).To(Equal(sent[i]))
				}
			})
		}, bounded)
	})
}
