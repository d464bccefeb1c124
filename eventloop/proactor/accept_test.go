//go:build linux || windows

package proactor_test

import (
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/proactor"
	"github.com/tidemill-go/tidemill/platform"
)

func acceptSpecs(m proactor.Mechanism, o proactor.Options) {
	Describe("Accept", func() {
		It("brings connections that do not block and are closed on exec", func(SpecContext) {
			with(m, o, func(p *bench) {
				l, at := listen()
				p.Accept(l, 1)
				for range 3 {
					connect(socket(), at)
					o := p.awaitOne(1)
					Expect(o.Err()).NotTo(HaveOccurred())
					fd := closing(o.N())
					Expect(inherited(fd)).To(BeFalse())
					_, err := platform.Recv(fd, make([]byte, 1))
					Expect(err).To(Satisfy(platform.WouldBlock), "it blocks")
					if !o.More() {
						p.Accept(l, 1)
					}
				}
			})
		}, bounded)

		It("ends when cancelled: the next connection waits in the kernel", func(SpecContext) {
			with(m, o, func(p *bench) {
				l, at := listen()
				p.Accept(l, 1)
				p.quiet(1)
				p.Cancel(1, proactor.Accept)
				Expect(p.awaitOne(1).Err()).To(Equal(syscall.ECANCELED))
				connect(socket(), at)
				p.quiet(1)
				closing(accepted(l))
			})
		}, bounded)

		It("brings each of many that come at once", func(SpecContext) {
			with(m, o, func(p *bench) {
				l, at := listen()
				p.Accept(l, 1)
				for round := range 6 {
					var clients []int
					for range 50 {
						clients = append(clients, socket())
						connect(clients[len(clients)-1], at)
					}
					if round%2 == 1 {
						p.quiet(99) // they are kept
					}
					peers := map[platform.Sockaddr]bool{}
					for _, fd := range p.accept(1, len(clients)) {
						peer, err := platform.PeerName(fd)
						Expect(err).NotTo(HaveOccurred())
						peers[peer] = true
					}
					Expect(peers).To(HaveLen(len(clients)))
					for _, c := range clients {
						name, err := platform.LocalName(c)
						Expect(err).NotTo(HaveOccurred())
						Expect(peers).To(HaveKey(name))
					}
				}
			})
		}, bounded)

		It("loses none that had come before it was cancelled", func(SpecContext) {
			with(m, o, func(p *bench) {
				l, at := listen()
				for range 10 {
					p.Accept(l, 1)
					p.quiet(1)
					for range 6 {
						connect(socket(), at)
					}
					p.Cancel(1, proactor.Accept)
					came := 0
					for more := true; more; {
						for _, o := range p.await(1) {
							if more = o.More(); o.Err() == nil {
								closing(o.N())
								came++
							} else {
								Expect(o.Err()).To(Equal(syscall.ECANCELED))
							}
						}
					}
					for ; came < 6; came++ {
						closing(accepted(l))
					}
					_, _, err := platform.Accept(l)
					Expect(err).To(Satisfy(platform.WouldBlock))
				}
			})
		}, bounded)

		It("outlives peers that reset before they are accepted", func(SpecContext) {
			with(m, o, func(p *bench) {
				l, at := listen()
				for range 20 {
					c := socket()
					connect(c, at)
					Expect(platform.SetLingerReset(c)).To(Succeed())
					shut(c)
				}
				p.Accept(l, 1)
				c := socket()
				connect(c, at)
				name, err := platform.LocalName(c)
				Expect(err).NotTo(HaveOccurred())
				for peer := (platform.Sockaddr{}); peer != name; {
					for _, o := range p.await(1) {
						if o.Err() != nil {
							Expect(o.Err()).To(Or(Equal(syscall.ECANCELED), Satisfy(platform.IsConnAborted)))
						} else {
							peer, _ = platform.PeerName(closing(o.N()))
						}
						if !o.More() {
							p.Accept(l, 1)
						}
					}
				}
			})
		}, bounded)

		It("fails on what does not listen", func(SpecContext) {
			with(m, o, func(p *bench) {
				near, _ := pair(false)
				for range 2 { // the first may be the trial of a multishot
					p.Accept(near, 1)
					o := p.awaitOne(1)
					Expect(o.More()).To(BeFalse())
					if o.Err() == syscall.ECANCELED {
						continue
					}
					Expect(o.Err()).To(Equal(errNotListening))
				}
			})
		}, bounded)
	})
}
