package proactor_test

import (
	"bytes"
	"fmt"
	"os"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/windows"

	"github.com/tidemill-go/tidemill/eventloop/proactor"
	"github.com/tidemill-go/tidemill/platform"
)

// overlapped is a pipe whose ends a port takes.
func overlapped() (r, w int) {
	GinkgoHelper()
	r, w, err := platform.OverlappedPipe()
	Expect(err).NotTo(HaveOccurred())
	return closing(r), closing(w)
}

func pipeSpecs(m proactor.Mechanism, o proactor.Options) {
	Describe("a pipe", func() {
		It("brings what is written, and then the end", func(SpecContext) {
			with(m, o, func(p *bench) {
				r, w := overlapped()
				p.Receive(r, 1, false)
				p.quiet(1)
				p.Send(w, 2, []byte("hello"))
				Expect(p.awaitOne(2).N()).To(Equal(5))
				o := p.awaitOne(1)
				Expect(string(p.Bytes(o))).To(Equal("hello"))
				p.Recycle(o)
				p.Send(w, 2, []byte("tail"))
				Expect(p.awaitOne(2).N()).To(Equal(4))
				p.detach(w)
				shut(w)
				Expect(string(p.receive(r, 1, 4))).To(Equal("tail"))
				for range 2 {
					p.Receive(r, 1, false)
					o = p.awaitOne(1)
					Expect(o.Err()).NotTo(HaveOccurred())
					Expect(o.N()).To(BeZero())
					Expect(o.More() || o.HasBuffer()).To(BeFalse())
				}
			})
		}, bounded)

		It("ends while it is waited for", func(SpecContext) {
			with(m, o, func(p *bench) {
				r, w := overlapped()
				p.Receive(r, 1, false)
				p.quiet(1)
				shut(w)
				o := p.awaitOne(1)
				Expect(o.Err()).NotTo(HaveOccurred())
				Expect(o.N()).To(BeZero())
			})
		}, bounded)

		It("loses and exchanges nothing of more than it holds, and tells of progress", func(SpecContext) {
			with(m, o, func(p *bench) {
				r, w := overlapped()
				var all []byte
				for i := range 200_000 {
					all = fmt.Append(all, i)
				}
				rest := all
				var got []byte
				p.Send(w, 2, rest)
				p.Receive(r, 1, false)
				sends := 0
				for len(got) < len(all) {
					for _, o := range p.look(2) {
						sends++
						Expect(o.Err()).NotTo(HaveOccurred())
						if rest = rest[o.N():]; len(rest) > 0 {
							p.Send(w, 2, rest)
						}
					}
					for _, o := range p.look(1) {
						Expect(o.Err()).NotTo(HaveOccurred())
						got = append(got, p.Bytes(o)...)
						p.Recycle(o)
						p.Receive(r, 1, false)
					}
				}
				Expect(bytes.Equal(got, all)).To(BeTrue())
				Expect(sends).To(BeNumerically(">", 1))
			})
		}, bounded)

		It("has no buffer as long as it is idle", func(SpecContext) {
			few := o
			few.Buffers = 2
			with(m, few, func(p *bench) {
				var r, w [5]int
				for i := range r {
					r[i], w[i] = overlapped()
					p.Receive(r[i], uint32(i), false)
				}
				p.quiet(0)
				Expect(p.Free()).To(Equal(2))
				for i := range w {
					p.Send(w[i], 9, []byte("x"))
					Expect(p.awaitOne(9).N()).To(Equal(1))
					p.detach(w[i])
				}
				var held []proactor.Outcome
				starved := []uint32{}
				for i := range uint32(5) {
					if o := p.awaitOne(i); o.Err() == syscall.ENOBUFS {
						starved = append(starved, i)
					} else {
						Expect(string(p.Bytes(o))).To(Equal("x"))
						held = append(held, o)
					}
				}
				Expect(held).To(HaveLen(2))
				for _, o := range held {
					p.Recycle(o)
				}
				for _, i := range starved {
					Expect(string(p.receive(r[i], i, 1))).To(Equal("x"))
				}
			})
		}, bounded)

		It("stops being received from when cancelled, and loses nothing", func(SpecContext) {
			with(m, o, func(p *bench) {
				r, w := overlapped()
				for range 3 {
					p.Receive(r, 1, false)
					p.quiet(1)
					p.Cancel(1, proactor.Receive)
					Expect(p.awaitOne(1).Err()).To(Equal(syscall.ECANCELED))
					p.Send(w, 2, []byte("later"))
					Expect(p.awaitOne(2).N()).To(Equal(5))
					p.quiet(1)
					Expect(string(p.receive(r, 1, 5))).To(Equal("later"))
				}
			})
		}, bounded)

		It("stops being sent to when cancelled", func(SpecContext) {
			with(m, o, func(p *bench) {
				_, w := overlapped()
				big := make([]byte, 256<<10)
				var end proactor.Outcome
				for range 10 {
					p.Send(w, 2, big)
					p.quiet(99)
					p.Cancel(2, proactor.Send)
					if end = p.awaitOne(2); end.Err() != nil {
						break
					}
				}
				Expect(end.Err()).To(Equal(syscall.ECANCELED))
			})
		}, bounded)

		It("fails to be sent to when nobody reads it", func(SpecContext) {
			with(m, o, func(p *bench) {
				r, w := overlapped()
				shut(r)
				p.Send(w, 2, []byte("x"))
				Expect(p.awaitOne(2).Err()).To(Satisfy(platform.IsDisconnect))
			})
		}, bounded)

		It("is read in bytes if it has messages", func(SpecContext) {
			with(m, o, func(p *bench) {
				name := pipeName()
				name16, err := windows.UTF16PtrFromString(name)
				Expect(err).NotTo(HaveOccurred())
				h, err := windows.CreateNamedPipe(name16, windows.PIPE_ACCESS_DUPLEX|windows.FILE_FLAG_OVERLAPPED,
					windows.PIPE_TYPE_MESSAGE|windows.PIPE_READMODE_MESSAGE, 1, 1<<17, 1<<17, 0, nil)
				Expect(err).NotTo(HaveOccurred())
				r := closing(int(h))
				fd, err := platform.OpenNamedPipe(name)
				Expect(err).NotTo(HaveOccurred())
				w := closing(fd)
				message := bytes.Repeat([]byte("m"), proactor.BufferSize+100)
				p.Receive(r, 1, false)
				p.quiet(1)
				p.Send(w, 2, message)
				o := p.awaitOne(1)
				Expect(o.N()).To(Equal(proactor.BufferSize))
				p.Recycle(o)
				Expect(p.receive(r, 1, 100)).To(HaveLen(100))
				Expect(p.awaitOne(2).N()).To(Equal(len(message)))
			})
		}, bounded)

		It("carries both directions at once where it is duplex", func(SpecContext) {
			with(m, o, func(p *bench) {
				name := pipeName()
				a, err := platform.CreatePipeInstance(name, true)
				Expect(err).NotTo(HaveOccurred())
				b, err := platform.OpenNamedPipe(name)
				Expect(err).NotTo(HaveOccurred())
				a, b = closing(a), closing(b)
				p.Receive(a, 1, false)
				p.Receive(b, 2, false)
				p.Send(a, 1, []byte("ping"))
				p.Send(b, 2, []byte("pong"))
				got := map[uint32]string{}
				for ends := 0; ends < 4; {
					for tag := uint32(1); tag <= 2; tag++ {
						for _, o := range p.look(tag) {
							Expect(o.Err()).NotTo(HaveOccurred())
							ends++
							if o.HasBuffer() {
								got[tag] = string(p.Bytes(o))
								p.Recycle(o)
							}
						}
					}
				}
				Expect(got).To(Equal(map[uint32]string{1: "pong", 2: "ping"}))
			})
		}, bounded)
	})
}

var pipeNumber int

// pipeName is one that nobody has.
func pipeName() string {
	pipeNumber++
	return fmt.Sprintf(`\\.\pipe\tidemill-spec-%d-%d`, os.Getpid(), pipeNumber)
}
