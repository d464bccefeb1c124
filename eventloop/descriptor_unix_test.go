//go:build unix

package eventloop_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
)

// noting is an echo that shows its transport to the spec.
type noting struct {
	echo
	made func(protocols.Transport)
}

func (n *noting) ConnectionMade(t protocols.Transport) {
	n.echo.ConnectionMade(t)
	n.made(t)
}

// sameNumberSpecs need descriptors whose number the program can choose.
func sameNumberSpecs(kind string) {
	Describe("a descriptor that is closed while it is watched", func() {
		It("is watched anew when the program has another one of its number", func() {
			w, t := newWorld(kind), &trace{}
			gone, _ := newPipe()
			other, _ := readablePipe("x")
			Expect(w.AddReader(gone.Fd(), t.adds("old"))).To(Succeed())
			number := gone.fd
			gone.Close()
			w.once()
			t.take()
			Expect(unix.Dup2(other.fd, number)).To(Succeed())
			again := newEnd(number)
			Expect(w.AddReader(again.Fd(), t.adds("new"))).To(Succeed())
			w.once()
			w.once()
			Expect(t.take()).To(Equal([]string{"new", "new"}))
			Expect(w.AddWriter(again.Fd(), t.adds("writer"))).To(Succeed())
			Expect(w.RemoveWriter(again.Fd())).To(BeTrue())
			Expect(w.RemoveReader(again.Fd())).To(BeTrue())
			w.once()
			Expect(t.take()).To(BeEmpty())
		})

		It("is watched anew also before the loop has noticed", func() {
			w, t := newWorld(kind), &trace{}
			gone, _ := newPipe()
			other, _ := newSocketPair()
			Expect(w.AddReader(gone.Fd(), t.adds("old"))).To(Succeed())
			number := gone.fd
			gone.Close()
			Expect(unix.Dup2(other.fd, number)).To(Succeed())
			again := newEnd(number)
			Expect(w.AddWriter(again.Fd(), t.adds("writer"))).To(Succeed())
			w.once()
			Expect(t.take()).To(Equal([]string{"writer"}))
			Expect(w.RemoveReader(again.Fd())).To(BeTrue())
			Expect(w.RemoveWriter(again.Fd())).To(BeTrue())
		})

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
}
