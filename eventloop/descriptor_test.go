package eventloop_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
)

func descriptorSpecs(kind string) {
	Describe("a descriptor that is closed while it is watched", func() {
		It("disturbs nobody, and is removed with true once", func() { // C9
			w, t := newWorld(kind), &trace{}
			gone, _ := newPipe()
			other, _ := readablePipe("x")
			Expect(w.AddReader(gone.Fd(), func() {})).To(Succeed())
			Expect(w.AddReader(other.Fd(), t.adds("other"))).To(Succeed())
			fd := gone.Fd()
			gone.Close()
			for range 3 {
				w.once()
			}
			Expect(len(t.take())).To(BeNumerically(">=", 2)) // select tells of the closed one alone
			Expect(w.RemoveReader(fd)).To(BeTrue())
			Expect(w.RemoveReader(fd)).To(BeFalse())
			Expect(w.RemoveReader(other.Fd())).To(BeTrue())
		})

		It("does not make a blocked loop spin", func(ctx SpecContext) {
			w, sel := newObservedWorld(kind)
			gone, _ := newPipe()
			Expect(w.AddReader(gone.Fd(), func() {})).To(Succeed())
			fd := gone.Fd()
			gone.Close()
			w.CallLater(30e6, w.Stop)
			Expect(w.run(ctx)).To(Succeed())
			Expect(len(sel.waits)).To(BeNumerically("<", 10))
			Expect(w.RemoveReader(fd)).To(BeTrue())
		}, bounded)

		It("is forgotten when an accepted connection gets its number", func(ctx SpecContext) {
			w := newRealWorld(kind)
			made, stale := 0, 0
			var number uintptr
			newNoting := func() protocols.Protocol {
				return &noting{made: func(t protocols.Transport) {
					number = t.ExtraInfo("socket").(*platform.Socket).FD()
					made++
				}}
			}
			halt := w.background()
			server, err := w.CreateServer(newNoting, "tcp", "127.0.0.1:0", nil).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			halt()
			client := dial(server.Addrs()[0])
			gone, _ := newPipe()
			Expect(w.AddReader(gone.Fd(), func() { stale += made })).To(Succeed())
			fd := gone.Fd()
			gone.Close()

			halt = w.background()
			Expect(echoed(client, "hello")).To(Equal("hello"))
			w.on(ctx, server.Close)
			Expect(client.Close()).To(Succeed())
			Expect(server.WaitClosed(ctx)).To(Succeed())
			halt()
			Expect(number).To(Equal(fd))
			Expect(made).To(Equal(1))
			Expect(stale).To(BeZero())
			Expect(w.RemoveReader(fd)).To(BeFalse())
		}, bounded)
	})

	Describe("the loop's own descriptors", func() {
		It("are not the program's to watch", func() { // C25
			before := descriptors()
			w := newWorld(kind)
			own := opened(before)
			Expect(own).NotTo(BeEmpty())
			for _, fd := range own {
				Expect(w.AddReader(uintptr(fd), func() {})).NotTo(Succeed())
			}
		})
	})
}
