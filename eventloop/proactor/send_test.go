//go:build linux

package proactor_test

import (
	"bytes"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/eventloop/proactor"
	"github.com/tidemill-go/tidemill/platform"
)

func sendSpecs(m proactor.Mechanism, o proactor.Options) {
	Describe("Send", func() {
		It("sends", func(SpecContext) {
			with(m, o, func(p *bench) {
				near, far := pair(true)
				p.Send(near, 1, []byte("hello"))
				Expect(p.awaitOne(1).N()).To(Equal(5))
				b := make([]byte, 10)
				Expect(platform.Recv(far, b)).To(Equal(5))
				Expect(string(b[:5])).To(Equal("hello"))
			})
		}, bounded)

		It("tells of progress instead of waiting for all", func(SpecContext) {
			with(m, o, func(p *bench) {
				near, far := pair(false)
				all := bytes.Repeat([]byte("x"), 4<<20)
				p.Send(near, 1, all)
				first := p.awaitOne(1)
				Expect(first.N()).To(And(BeNumerically(">", 0), BeNumerically("<", len(all))))
				Expect(first.More()).To(BeFalse())
				p.Send(near, 1, all[first.N():])
				p.quiet(1)
				b := make([]byte, 1<<20)
				for range 100 {
					_, _ = platform.Recv(far, b)
				}
				Expect(p.awaitOne(1).N()).To(BeNumerically(">", 0))
			})
		}, bounded)

		It("gets EPIPE and no signal when nobody is there", func(SpecContext) {
			with(m, o, func(p *bench) {
				near, far := pair(false)
				Expect(unix.Close(far)).To(Succeed())
				p.Send(near, 1, []byte("x"))
				Expect(p.awaitOne(1).Err()).To(Equal(syscall.EPIPE))
			})
		}, bounded)

		It("ends when cancelled, with its memory free", func(SpecContext) {
			with(m, o, func(p *bench) {
				near, far := pair(false)
				full := bytes.Repeat([]byte("x"), 1<<20)
				for err := error(nil); err == nil; {
					_, err = platform.Send(near, full)
				}
				waiting := bytes.Repeat([]byte("y"), 1000)
				p.Send(near, 1, waiting)
				p.quiet(1)
				p.Cancel(1, proactor.Send)
				Expect(p.awaitOne(1).Err()).To(Equal(syscall.ECANCELED))
				clear(waiting)
				b := make([]byte, 1<<20)
				for n, err := 1, error(nil); err == nil && n > 0; {
					n, err = platform.Recv(far, b)
					Expect(bytes.ContainsAny(b[:max(n, 0)], "y\x00")).To(BeFalse(), "it was sent after its end")
				}
			})
		}, bounded)

		It("takes more submissions than the ring holds, in order", func(SpecContext) {
			small := o
			small.Entries = 64
			with(m, small, func(p *bench) {
				near, far := pair(true) // which packs small messages
				const many = 1000
				for i := range many {
					p.Send(near, uint32(i), []byte{byte(i)})
				}
				for i := range many {
					Expect(p.awaitOne(uint32(i)).N()).To(Equal(1))
				}
				b := p.receive(far, many, many)
				for i := range many {
					Expect(b[i]).To(Equal(byte(i)))
				}
			})
		}, bounded)

		It("loses no completion when there are more than the ring holds", func(SpecContext) {
			small := o
			small.Entries = 64
			with(m, small, func(p *bench) {
				near, _ := pair(false)
				const many = 3000
				for i := range many {
					p.Poll(near, uint32(i), proactor.Writable)
				}
				for i := range many {
					Expect(p.awaitOne(uint32(i)).Err()).NotTo(HaveOccurred())
				}
			})
		}, bounded)
	})
}

func acceptSpecs(m proactor.Mechanism, o proactor.Options) {
	Describe("Accept", func() {
		It("brings connections that do not block and are closed on exec", func(SpecContext) {
			with(m, o, func(p *bench) {
				l, at := listen()
				p.Accept(l, 1)
				for range 3 {
					Expect(platform.Connect(socket(), at)).To(Or(Succeed(), MatchError(unix.EINPROGRESS)))
					o := p.awaitOne(1)
					Expect(o.Err()).NotTo(HaveOccurred())
					fd := closing(o.N())
					Expect(unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)).To(Equal(unix.FD_CLOEXEC))
					flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
					Expect(err).NotTo(HaveOccurred())
					Expect(flags & unix.O_NONBLOCK).NotTo(BeZero())
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
				Expect(platform.Connect(socket(), at)).To(Or(Succeed(), MatchError(unix.EINPROGRESS)))
				p.quiet(1)
				fd, _, err := platform.Accept(l)
				Expect(err).NotTo(HaveOccurred())
				closing(fd)
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
					Expect(o.Err()).To(Equal(syscall.EINVAL))
				}
			})
		}, bounded)
	})

	Describe("Connect", func() {
		name := func(a platform.Sockaddr) *platform.Name {
			n, err := platform.NameOf(a)
			Expect(err).NotTo(HaveOccurred())
			return &n
		}

		It("connects", func(SpecContext) {
			with(m, o, func(p *bench) {
				l, at := listen()
				fd := socket()
				p.Connect(fd, 1, name(at))
				Expect(p.awaitOne(1).Err()).NotTo(HaveOccurred())
				near, _, err := platform.Accept(l)
				Expect(err).NotTo(HaveOccurred())
				write(closing(near), "x")
				Expect(string(p.receive(fd, 2, 1))).To(Equal("x"))
			})
		}, bounded)

		It("is refused", func(SpecContext) {
			with(m, o, func(p *bench) {
				l, at := listen()
				Expect(unix.Close(l)).To(Succeed())
				p.Connect(socket(), 1, name(at))
				Expect(p.awaitOne(1).Err()).To(Equal(syscall.ECONNREFUSED))
			})
		}, bounded)
	})
}
