//go:build unix

package eventloop_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"
)

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
	})
}
