package proactor_test

import (
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/windows"

	"github.com/tidemill-go/tidemill/eventloop/proactor"
	"github.com/tidemill-go/tidemill/platform"
)

func systemSpecs(m proactor.Mechanism, o proactor.Options) {
	attachSpecs(m, o)
	pipeSpecs(m, o)
	listenPipeSpecs(m, o)
	fileSpecs(m, o)
	preparedSpecs(m, o)

	Describe("an operation", func() {
		It("costs no allocation once there were some", func(SpecContext) {
			with(m, o, func(p *bench) {
				near, far := pair(true)
				message := make([]byte, 64)
				turn := func() {
					p.Proactor.Receive(near, 1, false)
					p.Proactor.Send(far, 2, message)
					for ends := 0; ends < 2; {
						done, _ := p.Wait(time.Now().Add(patient), yes)
						for _, c := range done {
							ends++
							p.Recycle(c.Outcome)
						}
					}
				}
				p.attach(near, 1)
				p.attach(far, 2)
				Expect(testing.AllocsPerRun(50, turn)).To(BeZero())
			})
		}, bounded)
	})
}

func preparedSpecs(m proactor.Mechanism, o proactor.Options) {
	Describe("what is prepared to accept into", func() {
		It("is little at first, sixteen sockets at most, and gone after a Cancel", func(SpecContext) {
			with(m, o, func(p *bench) {
				l, at := listen()
				before := owned(p)
				p.Accept(l, 1)
				Expect(owned(p) - before).To(Equal(2))
				for range 8 { // they come faster than they are taken
					for range 30 {
						connect(socket(), at)
					}
					p.accept(1, 30)
					Expect(owned(p) - before).To(BeNumerically("<=", 16))
				}
				Expect(owned(p) - before).To(Equal(16))
				p.Cancel(1, proactor.Accept)
				Expect(p.awaitOne(1).Err()).To(Equal(syscall.ECANCELED))
				Expect(owned(p)).To(Equal(before))
			})
		}, bounded)

		It("may be less for want of handles; where there is none at all accepting ends, and can be asked for again", func(SpecContext) {
			with(m, o, func(p *bench) {
				l, at := listen()
				made := 0
				proactor.MakeSockets(p.Proactor, func() error {
					if made++; made > 1 {
						return windows.WSAEMFILE
					}
					return nil
				})
				p.Accept(l, 1)
				p.quiet(1)
				connect(socket(), at)
				connect(socket(), at)
				got := p.await(1)
				for len(got) < 2 {
					got = append(got, p.await(1)...)
				}
				Expect(got[0].Err()).NotTo(HaveOccurred())
				closing(got[0].N())
				Expect(got[1].Err()).To(And(Equal(windows.WSAEMFILE), Satisfy(platform.IsOutOfResources)))
				Expect(got[1].More()).To(BeFalse())
				p.quiet(1)
				p.Accept(l, 1)
				Expect(p.awaitOne(1).Err()).To(Equal(windows.WSAEMFILE))
				proactor.MakeSockets(p.Proactor, nil)
				p.Accept(l, 1)
				p.accept(1, 1) // the second one has waited
			})
		}, bounded)
	})
}
