//go:build linux || windows

package proactor_test

import (
	"bytes"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/proactor"
	"github.com/tidemill-go/tidemill/platform"
)

func receiveSpecs(m proactor.Mechanism, o proactor.Options) {
	Describe("Receive", func() {
		for _, inet := range []bool{true, false} {
			network := map[bool]string{true: "a TCP", false: "a local"}[inet]
			It("brings what arrives on "+network+" socket, and then the end", func(SpecContext) {
				with(m, o, func(p *bench) {
					near, far := pair(inet)
					write(far, "hello")
					Expect(string(p.receive(near, 7, 5))).To(Equal("hello"))
					write(far, "world")
					Expect(platform.ShutdownWrite(far)).To(Succeed())
					p.Receive(near, 7, false)
					var got []proactor.Outcome
					var data []byte
					for len(got) == 0 || last(got).N() > 0 {
						got = append(got, p.await(7)...)
						if o := last(got); o.N() > 0 && !o.More() {
							p.Receive(near, 7, false)
						}
					}
					for _, o := range got {
						if o.HasBuffer() {
							data = append(data, p.Bytes(o)...)
							p.Recycle(o)
						}
					}
					end := last(got)
					Expect(string(data)).To(Equal("world"))
					Expect(end.Err()).NotTo(HaveOccurred())
					Expect(end.More()).To(BeFalse())
				})
			}, bounded)
		}

		It("waits for what has not arrived", func(SpecContext) {
			with(m, o, func(p *bench) {
				near, far := pair(true)
				p.Receive(near, 1, false)
				p.quiet(1)
				write(far, "x")
				o := p.await(1)[0]
				Expect(string(p.Bytes(o))).To(Equal("x"))
				p.Recycle(o)
			})
		}, bounded)

		It("loses and exchanges nothing of many messages", func(SpecContext) {
			with(m, o, func(p *bench) {
				near, far := pair(false)
				sent := bytes.Repeat([]byte("0123456789abcde\n"), 8<<10)
				go func() {
					for rest := sent; len(rest) > 0; {
						n, err := platform.Send(far, rest)
						if err != nil && !platform.WouldBlock(err) {
							return
						}
						rest = rest[max(n, 0):]
					}
				}()
				Expect(bytes.Equal(p.receive(near, 3, len(sent)), sent)).To(BeTrue())
			})
		}, bounded)

		It("ends with the peer's reset", func(SpecContext) {
			with(m, o, func(p *bench) {
				near, far := pair(true)
				p.Receive(near, 1, false)
				p.quiet(1)
				Expect(platform.SetLingerReset(far)).To(Succeed())
				shut(far)
				o := p.awaitOne(1)
				Expect(o.Err()).To(Equal(errReset))
				Expect(o.More()).To(BeFalse())
				Expect(o.N()).To(BeZero())
			})
		}, bounded)

		It("ends with ECANCELED when cancelled, and leaves to the kernel what comes later", func(SpecContext) {
			with(m, o, func(p *bench) {
				near, far := pair(true)
				p.Receive(near, 1, false)
				p.quiet(1)
				p.Cancel(1, proactor.Receive)
				Expect(p.awaitOne(1).Err()).To(Equal(syscall.ECANCELED))
				write(far, "later")
				p.quiet(1)
				Expect(string(p.receive(near, 1, 5))).To(Equal("later"))
			})
		}, bounded)

		It("completes once when asked for once", func(SpecContext) {
			with(m, o, func(p *bench) {
				near, far := pair(true)
				p.Receive(near, 1, true)
				write(far, "one")
				o := p.awaitOne(1)
				Expect(o.More()).To(BeFalse())
				Expect(string(p.Bytes(o))).To(Equal("one"))
				p.Recycle(o)
				write(far, "two")
				p.quiet(1)
			})
		}, bounded)

		It("ignores a Cancel of what is not under way", func(SpecContext) {
			with(m, o, func(p *bench) {
				p.Cancel(99, proactor.Receive)
				p.quiet(99)
			})
		}, bounded)
	})
}

func bufferSpecs(m proactor.Mechanism, o proactor.Options) {
	Describe("the receive buffers", func() {
		few := o
		few.Buffers = 4

		It("run out with ENOBUFS, lose nothing, and serve again when recycled", func(SpecContext) {
			with(m, few, func(p *bench) {
				Expect(p.Free()).To(Equal(4))
				var held []proactor.Outcome
				near, far := make([]int, 6), make([]int, 6)
				for i := range near {
					near[i], far[i] = pair(false)
					write(far[i], "x")
					p.Receive(near[i], uint32(i), true)
				}
				starved := 0
				for i := range near {
					o := p.awaitOne(uint32(i))
					if o.Err() == syscall.ENOBUFS {
						starved++
						Expect(o.HasBuffer()).To(BeFalse())
						continue
					}
					Expect(o.Err()).NotTo(HaveOccurred())
					held = append(held, o)
				}
				Expect(starved).To(Equal(2))
				Expect(p.Free()).To(BeZero())
				for _, o := range held {
					Expect(string(p.Bytes(o))).To(Equal("x"))
					p.Recycle(o)
				}
				Expect(p.Free()).To(Equal(4))
				for i := 4; i < 6; i++ {
					Expect(string(p.receive(near[i], uint32(i), 1))).To(Equal("x"))
				}
			})
		}, bounded)

		It("come into use as they are needed, all of them if need be, and go out of it again", func(SpecContext) {
			with(m, o, func(p *bench) {
				const all = 60
				near, far := pair(false)
				free := p.Free()
				for range 2 {
					seen := map[*byte]bool{}
					var held []proactor.Outcome
					for len(held) < all {
						write(far, "x")
						for {
							p.Receive(near, 1, true)
							o := p.awaitOne(1)
							if o.Err() == syscall.ENOBUFS {
								continue
							}
							held = append(held, o)
							seen[&p.Bytes(o)[0]] = true
							break
						}
					}
					Expect(seen).To(HaveLen(all), "two receives have one buffer")
					Expect(p.Free()).To(Equal(free - all))
					for _, o := range held {
						p.Recycle(o)
					}
					Expect(p.Free()).To(Equal(free))
					used := map[*byte]bool{}
					for i := range longRun {
						write(far, "x")
						p.Receive(near, 1, true)
						o := p.awaitOne(1)
						Expect(string(p.Bytes(o))).To(Equal("x"))
						if i >= longRun-longRun/10 {
							used[&p.Bytes(o)[0]] = true
						}
						p.Recycle(o)
					}
					Expect(len(used)).To(BeNumerically("<=", 16), "they are not kept warm")
				}
			})
		}, bounded)

		It("are each there once, whatever the order of their return", func(SpecContext) {
			with(m, few, func(p *bench) {
				near, far := pair(false)
				for range 50 {
					var held []proactor.Outcome
					for i := range 3 {
						write(far, string(rune('a'+i)))
						p.Receive(near, 1, true)
						held = append(held, p.awaitOne(1))
					}
					for i, o := range held {
						Expect(string(p.Bytes(o))).To(Equal(string(rune('a' + i))))
					}
					for _, i := range []int{1, 2, 0} {
						p.Recycle(held[i])
					}
				}
				Expect(p.Free()).To(Equal(4))
			})
		}, bounded)
	})
}
