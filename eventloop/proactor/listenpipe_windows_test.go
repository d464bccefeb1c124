package proactor_test

import (
	"errors"
	"net"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/windows"

	"github.com/tidemill-go/tidemill/eventloop/proactor"
	"github.com/tidemill-go/tidemill/platform"
)

func listenPipeSpecs(m proactor.Mechanism, o proactor.Options) {
	serve := func(p *bench) (fd int, name string) {
		GinkgoHelper()
		name = pipeName()
		fd, err := p.Proactor.(proactor.PipeListener).ListenPipe(name)
		Expect(err).NotTo(HaveOccurred())
		return closing(fd), name
	}
	call := func(name string) int {
		GinkgoHelper()
		fd, err := platform.OpenNamedPipe(name)
		Expect(err).NotTo(HaveOccurred())
		return closing(fd)
	}
	// take awaits a client and returns our end.
	take := func(p *bench, tag uint32) int {
		GinkgoHelper()
		o := p.awaitOne(tag)
		Expect(o.Op()).To(Equal(proactor.Accept))
		Expect(o.Err()).NotTo(HaveOccurred())
		Expect(o.More()).To(BeTrue())
		Expect(inherited(o.N())).To(BeFalse())
		return closing(o.N())
	}
	talk := func(p *bench, near, far int) {
		GinkgoHelper()
		p.Send(far, 50, []byte("ping"))
		Expect(string(p.receive(near, 51, 4))).To(Equal("ping"))
		Expect(p.awaitOne(50).N()).To(Equal(4))
		p.Send(near, 51, []byte("pong"))
		Expect(string(p.receive(far, 50, 4))).To(Equal("pong"))
		Expect(p.awaitOne(51).N()).To(Equal(4))
	}

	Describe("the server of a named pipe", func() {
		It("takes one client after the other", func(SpecContext) {
			with(m, o, func(p *bench) {
				fd, name := serve(p)
				p.Accept(fd, 1)
				p.quiet(1)
				for range 5 {
					far := call(name)
					talk(p, take(p, 1), far)
				}
			})
		}, bounded)

		It("takes a client that came before it accepted, at once", func(SpecContext) {
			with(m, o, func(p *bench) {
				fd, name := serve(p)
				far := call(name)
				p.Accept(fd, 1)
				talk(p, take(p, 1), far)
				far = call(name)
				talk(p, take(p, 1), far)
			})
		}, bounded)

		It("does not stumble over a client that came and went", func(SpecContext) {
			with(m, o, func(p *bench) {
				fd, name := serve(p)
				shut(call(name))
				p.Accept(fd, 1)
				for range 10 { // of the first one it may have the end only
					far, err := platform.OpenNamedPipe(name)
					if platform.IsPipeBusy(err) {
						take(p, 1)
						continue
					}
					Expect(err).NotTo(HaveOccurred())
					talk(p, take(p, 1), closing(far))
					return
				}
				Fail("nobody is served any more")
			})
		}, bounded)

		It("hands over what a client wrote that came and went", func(SpecContext) {
			with(m, o, func(p *bench) {
				fd, name := serve(p)
				far := call(name)
				p.Send(far, 50, []byte("note"))
				Expect(p.awaitOne(50).N()).To(Equal(4))
				p.detach(far)
				shut(far)
				p.Accept(fd, 1)
				near := take(p, 1)
				Expect(string(p.receive(near, 51, 4))).To(Equal("note"))
				p.Receive(near, 51, false)
				end := p.awaitOne(51)
				Expect(end.Err()).NotTo(HaveOccurred())
				Expect(end.N()).To(BeZero())
			})
		}, bounded)

		It("never lets its name vanish", func(SpecContext) {
			with(m, o, func(p *bench) {
				fd, name := serve(p)
				stop, seen := make(chan struct{}), make(chan error, 1)
				go func() {
					for {
						select {
						case <-stop:
							seen <- nil
							return
						default:
						}
						c, err := platform.OpenNamedPipe(name)
						if err == nil {
							err = platform.CloseFD(c)
						}
						if err != nil && !platform.IsPipeBusy(err) {
							seen <- err
							return
						}
					}
				}()
				p.Accept(fd, 1)
				for clients := 0; clients < 100; {
					for _, o := range p.await(1) {
						if o.Err() != nil {
							Expect(o.Err()).To(Equal(syscall.ECANCELED))
							p.Accept(fd, 1)
							continue
						}
						Expect(platform.CloseFD(o.N())).To(Succeed())
						if clients++; clients%10 == 0 {
							p.Cancel(1, proactor.Accept)
						}
					}
				}
				close(stop)
				Eventually(seen).WithTimeout(patient).Should(Receive(BeNil()))
			})
		}, bounded)

		It("ends with ECANCELED when cancelled, and can be asked again", func(SpecContext) {
			with(m, o, func(p *bench) {
				fd, name := serve(p)
				for range 3 {
					p.Accept(fd, 1)
					p.quiet(1)
					p.Cancel(1, proactor.Accept)
					end := p.awaitOne(1)
					Expect(end.Err()).To(Equal(syscall.ECANCELED))
					Expect(end.More()).To(BeFalse())
				}
				far := call(name) // the name is still there
				p.quiet(1)
				p.Accept(fd, 1)
				talk(p, take(p, 1), far)
			})
		}, bounded)

		It("is gone after Detach, and its clients stay", func(SpecContext) {
			with(m, o, func(p *bench) {
				fd, name := serve(p)
				p.Accept(fd, 1)
				far := call(name)
				near := take(p, 1)
				p.Cancel(1, proactor.Accept)
				Expect(p.awaitOne(1).Err()).To(Equal(syscall.ECANCELED))
				p.detach(fd)
				_, err := platform.OpenNamedPipe(name)
				Expect(err).To(HaveOccurred())
				talk(p, near, far)
				p.detach(near)
				p.detach(far)
				shut(near)
				shut(far)
				_, err = platform.OpenNamedPipe(name)
				Expect(err).To(MatchError(windows.ERROR_FILE_NOT_FOUND))
			})
		}, bounded)

		It("is gone when the proactor is closed", func(SpecContext) {
			var name string
			with(m, o, func(p *bench) {
				var fd int
				fd, name = serve(p)
				p.Accept(fd, 1)
				_, other := serve(p) // nobody ever accepts
				call(other)
			})
			_, err := platform.OpenNamedPipe(name)
			Expect(err).To(MatchError(windows.ERROR_FILE_NOT_FOUND))
		}, bounded)

		It("owns the instance that waits for a client", func(SpecContext) {
			with(m, o, func(p *bench) {
				before := owned(p)
				fd, _ := serve(p)
				Expect(p.Owns(fd)).To(BeFalse(), "it is the caller's")
				Expect(owned(p)).To(Equal(before + 1))
			})
		}, bounded)

		It("refuses a name that is none, and makes nothing", func(SpecContext) {
			with(m, o, func(p *bench) {
				fd, err := p.Proactor.(proactor.PipeListener).ListenPipe("name")
				Expect(fd).To(Equal(-1))
				_, ok := errors.AsType[*net.AddrError](err)
				Expect(ok).To(BeTrue(), "%v", err)
			})
		}, bounded)

		It("serves many clients that come at once", func(SpecContext) {
			with(m, o, func(p *bench) {
				const clients = 60
				fd, name := serve(p)
				p.Accept(fd, 1)
				failed, served := make(chan error, clients), make(chan struct{})
				for range clients {
					go func() {
						limit := time.Now().Add(patient)
						c, err := platform.OpenNamedPipe(name)
						for platform.IsPipeBusy(err) && time.Now().Before(limit) {
							c, err = platform.OpenNamedPipe(name)
						}
						if err == nil {
							<-served // gone before it is seen, it would not count
							err = platform.CloseFD(c)
						}
						failed <- err
					}()
				}
				for n := 0; n < clients; {
					for _, o := range p.await(1) {
						Expect(o.Err()).NotTo(HaveOccurred())
						Expect(platform.CloseFD(o.N())).To(Succeed())
						n++
					}
				}
				close(served)
				for range clients {
					Eventually(failed).WithTimeout(patient).Should(Receive(BeNil()))
				}
			})
		}, bounded)
	})
}

// owned counts what is a proactor's own.
func owned(p *bench) (n int) {
	for fd := range 1 << 14 {
		if p.Owns(fd) {
			n++
		}
	}
	return n
}
