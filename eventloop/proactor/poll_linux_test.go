package proactor_test

import (
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/eventloop/proactor"
	"github.com/tidemill-go/tidemill/platform"
)

func pipe() (r, w int) {
	GinkgoHelper()
	var fds [2]int
	Expect(unix.Pipe2(fds[:], unix.O_NONBLOCK|unix.O_CLOEXEC)).To(Succeed())
	return closing(fds[0]), closing(fds[1])
}

// feed writes to a pipe.
func feed(w int, s string) {
	GinkgoHelper()
	Expect(platform.WriteFD(w, []byte(s))).To(Equal(len(s)))
}

func pollSpecs(m proactor.Mechanism, o proactor.Options) {
	Describe("Poll", func() {
		It("is there", func(SpecContext) {
			with(m, o, func(p *bench) { Expect(p.Polls()).To(BeTrue()) })
		}, bounded)

		It("waits until there is something, once", func(SpecContext) {
			with(m, o, func(p *bench) {
				r, w := pipe()
				p.Poll(r, 1, proactor.Readable)
				p.quiet(1)
				feed(w, "x")
				o := p.awaitOne(1)
				Expect(o.Op()).To(Equal(proactor.Readable))
				Expect(o.Err()).NotTo(HaveOccurred())
				Expect(o.More() || o.HungUp()).To(BeFalse())
				feed(w, "y")
				p.quiet(1)
			})
		}, bounded)

		It("counts what is there already", func(SpecContext) {
			with(m, o, func(p *bench) {
				r, w := pipe()
				feed(w, "x")
				for range 3 {
					p.Poll(r, 1, proactor.Readable)
					p.Poll(w, 1, proactor.Writable)
					ops := map[proactor.Op]bool{}
					for len(ops) < 2 {
						for _, o := range p.await(1) {
							ops[o.Op()] = true
						}
					}
				}
			})
		}, bounded)

		It("tells of the end of either side", func(SpecContext) {
			with(m, o, func(p *bench) {
				r, w := pipe()
				p.Poll(r, 1, proactor.Readable)
				p.quiet(1)
				shut(w)
				Expect(p.awaitOne(1).HungUp()).To(BeTrue())
				r, w = pipe()
				p.Poll(w, 2, proactor.Readable)
				p.quiet(2)
				shut(r)
				Expect(p.awaitOne(2).HungUp()).To(BeTrue())
			})
		}, bounded)

		It("ends with ECANCELED when cancelled, and alone", func(SpecContext) {
			with(m, o, func(p *bench) {
				near, far := pair(false)
				full := make([]byte, 1<<20)
				for err := error(nil); err == nil; {
					_, err = platform.Send(near, full)
				}
				p.Poll(near, 1, proactor.Readable)
				p.Poll(near, 1, proactor.Writable)
				p.quiet(1)
				p.Cancel(1, proactor.Writable)
				o := p.awaitOne(1)
				Expect(o.Op()).To(Equal(proactor.Writable))
				Expect(o.Err()).To(Equal(syscall.ECANCELED))
				write(far, "x")
				Expect(p.awaitOne(1).Op()).To(Equal(proactor.Readable))
			})
		}, bounded)

		It("fails with EBADF on what is no descriptor", func(SpecContext) {
			with(m, o, func(p *bench) {
				r, w := pipe()
				shut(r)
				p.Poll(r, 1, proactor.Readable)
				Expect(p.awaitOne(1).Err()).To(Equal(syscall.EBADF))
				write1 := func() error { _, err := platform.WriteFD(w, []byte("x")); return err }
				Expect(write1()).To(Equal(syscall.EPIPE))
			})
		}, bounded)
	})
}
