package eventloop_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
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
