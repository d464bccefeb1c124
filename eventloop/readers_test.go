package eventloop_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func readerSpecs(kind string) {
	Describe("AddReader", func() {
		It("calls back in every iteration in which the descriptor is readable", func() { // C1
			w, t := newWorld(kind), &trace{}
			r, _ := readablePipe("x")
			Expect(w.AddReader(r.Fd(), t.adds("readable"))).To(Succeed())
			for range 3 {
				w.once()
			}
			Expect(t.take()).To(HaveLen(3))
			r.empty()
			w.once()
			Expect(t.take()).To(BeEmpty())
			Expect(w.RemoveReader(r.Fd())).To(BeTrue())
		})

		It("wakes a blocked loop", func(ctx SpecContext) {
			w, t := newRealWorld(kind), &trace{}
			r, out := newPipe()
			Expect(w.AddReader(r.Fd(), func() { t.add("readable"); w.Stop() })).To(Succeed())
			over := make(chan error, 1)
			go func() { over <- w.RunForever() }()
			Expect(out.Write([]byte("x"))).To(Equal(1))
			Eventually(ctx, over).Should(Receive(BeNil()))
			Expect(t.take()).To(Equal([]string{"readable"}))
			Expect(w.RemoveReader(r.Fd())).To(BeTrue())
		}, bounded)

		It("calls back at the end of input", func() { // C11
			w, t := newWorld(kind), &trace{}
			r, out := newPipe()
			out.Close()
			Expect(w.AddReader(r.Fd(), t.adds("end"))).To(Succeed())
			w.once()
			Expect(t.take()).To(Equal([]string{"end"}))
			Expect(w.RemoveReader(r.Fd())).To(BeTrue())
		})

		It("replaces the callback of the descriptor", func() { // C2
			w, t := newWorld(kind), &trace{}
			r, _ := readablePipe("x")
			Expect(w.AddReader(r.Fd(), t.adds("first"))).To(Succeed())
			Expect(w.AddReader(r.Fd(), t.adds("second"))).To(Succeed())
			w.once()
			Expect(t.take()).To(Equal([]string{"second"}))
			Expect(w.RemoveReader(r.Fd())).To(BeTrue())
			Expect(w.RemoveReader(r.Fd())).To(BeFalse())
		})

		It("cancels the callback that it replaces, though it is queued already", func() { // C2
			w, t := newWorld(kind), &trace{}
			first, _ := readablePipe("x")
			second, _ := readablePipe("x")
			replace := func(other *end) func() {
				return func() {
					t.add("ran")
					_ = w.AddReader(other.Fd(), t.adds("replacement"))
				}
			}
			Expect(w.AddReader(first.Fd(), replace(second))).To(Succeed())
			Expect(w.AddReader(second.Fd(), replace(first))).To(Succeed())
			w.once()
			Expect(t.take()).To(Equal([]string{"ran"}))
			for _, r := range []*end{first, second} {
				r.empty()
				Expect(w.RemoveReader(r.Fd())).To(BeTrue())
			}
		})

		It("keeps a callback that panics", func() { // A58
			w := newWorld(kind)
			r, _ := readablePipe("x")
			Expect(w.AddReader(r.Fd(), func() { panic("reader") })).To(Succeed())
			w.once()
			w.once()
			Expect(w.reports()).To(HaveLen(2))
			Expect(w.RemoveReader(r.Fd())).To(BeTrue())
		})

		It("may remove itself, others, and add again, from its callback", func() {
			w, t := newWorld(kind), &trace{}
			r, _ := readablePipe("x")
			Expect(w.AddReader(r.Fd(), func() {
				t.add("once")
				was, err := w.RemoveReader(r.Fd())
				if was && err == nil {
					_ = w.AddReader(r.Fd(), t.adds("again"))
				}
			})).To(Succeed())
			w.once()
			Expect(t.take()).To(Equal([]string{"once"}))
			w.once()
			Expect(t.take()).To(Equal([]string{"again"}))
			Expect(w.RemoveReader(r.Fd())).To(BeTrue())
		})

		It("serves hundreds of descriptors at a time", func() {
			w, calls := newWorld(kind), 0
			var all []*end
			for range 300 {
				r, _ := readablePipe("x")
				all = append(all, r)
				Expect(w.AddReader(r.Fd(), func() { calls++ })).To(Succeed())
			}
			w.once()
			Expect(calls).To(Equal(300))
			for _, r := range all {
				Expect(w.RemoveReader(r.Fd())).To(BeTrue())
			}
			w.once()
			Expect(calls).To(Equal(300))
		})
	})

	Describe("RemoveReader", func() {
		It("reports whether there was a reader", func() { // C4
			w := newWorld(kind)
			r, _ := newPipe()
			Expect(w.RemoveReader(r.Fd())).To(BeFalse())
			Expect(w.AddReader(r.Fd(), func() {})).To(Succeed())
			Expect(w.RemoveReader(r.Fd())).To(BeTrue())
			Expect(w.RemoveReader(r.Fd())).To(BeFalse())
		})

		It("keeps a reader that is queued already from running", func() { // C4
			w, t := newWorld(kind), &trace{}
			first, _ := readablePipe("x")
			second, _ := readablePipe("x")
			remove := func(other *end) func() {
				return func() { t.add("ran"); _, _ = w.RemoveReader(other.Fd()) }
			}
			Expect(w.AddReader(first.Fd(), remove(second))).To(Succeed())
			Expect(w.AddReader(second.Fd(), remove(first))).To(Succeed())
			w.once()
			Expect(t.take()).To(Equal([]string{"ran"}))
		})
	})
}

func writerSpecs(kind string) {
	Describe("AddWriter", func() {
		It("calls back in every iteration in which the descriptor is writable", func() { // C12
			w, t := newWorld(kind), &trace{}
			a, _ := newSocketPair()
			Expect(w.AddWriter(a.Fd(), t.adds("writable"))).To(Succeed())
			for range 3 {
				w.once()
			}
			Expect(t.take()).To(HaveLen(3))
			a.fill()
			w.once()
			Expect(t.take()).To(BeEmpty())
			Expect(w.RemoveWriter(a.Fd())).To(BeTrue())
			Expect(w.RemoveWriter(a.Fd())).To(BeFalse())
		})

		It("replaces the callback of the descriptor", func() { // C2
			w, t := newWorld(kind), &trace{}
			a, _ := newSocketPair()
			Expect(w.AddWriter(a.Fd(), t.adds("first"))).To(Succeed())
			Expect(w.AddWriter(a.Fd(), t.adds("second"))).To(Succeed())
			w.once()
			Expect(t.take()).To(Equal([]string{"second"}))
			Expect(w.RemoveWriter(a.Fd())).To(BeTrue())
		})
	})

	Describe("a reader and a writer of one descriptor", func() {
		It("are independent, and the reader runs first", func() { // C3 A16
			w, t := newWorld(kind), &trace{}
			a, b := newSocketPair()
			Expect(b.Write([]byte("x"))).To(Equal(1))
			Expect(w.AddWriter(a.Fd(), t.adds("writer"))).To(Succeed())
			Expect(w.AddReader(a.Fd(), t.adds("reader"))).To(Succeed())
			w.once()
			Expect(t.take()).To(Equal([]string{"reader", "writer"}))
			Expect(w.RemoveReader(a.Fd())).To(BeTrue())
			w.once()
			Expect(t.take()).To(Equal([]string{"writer"}))
			Expect(w.AddReader(a.Fd(), t.adds("reader"))).To(Succeed())
			Expect(w.RemoveWriter(a.Fd())).To(BeTrue())
			w.once()
			Expect(t.take()).To(Equal([]string{"reader"}))
			Expect(w.RemoveReader(a.Fd())).To(BeTrue())
		})

		It("do not run the writer that the reader removes", func() { // C5
			w, t := newWorld(kind), &trace{}
			a, b := newSocketPair()
			Expect(b.Write([]byte("x"))).To(Equal(1))
			Expect(w.AddReader(a.Fd(), func() {
				t.add("reader")
				_, _ = w.RemoveWriter(a.Fd())
			})).To(Succeed())
			Expect(w.AddWriter(a.Fd(), t.adds("writer"))).To(Succeed())
			w.once()
			w.once()
			Expect(t.take()).To(Equal([]string{"reader", "reader"}))
			Expect(w.RemoveReader(a.Fd())).To(BeTrue())
		})

		It("both run although the reader panics", func() {
			w, t := newWorld(kind), &trace{}
			a, b := newSocketPair()
			Expect(b.Write([]byte("x"))).To(Equal(1))
			Expect(w.AddReader(a.Fd(), func() { panic("reader") })).To(Succeed())
			Expect(w.AddWriter(a.Fd(), t.adds("writer"))).To(Succeed())
			w.once()
			Expect(t.take()).To(Equal([]string{"writer"}))
			Expect(w.reports()).To(HaveLen(1))
			Expect(w.RemoveReader(a.Fd())).To(BeTrue())
			Expect(w.RemoveWriter(a.Fd())).To(BeTrue())
		})
	})

	DescribeTable("an error of the descriptor is told", func(reader, writer bool) { // C11
		w, t := newWorld(kind), &trace{}
		failing := newSocket()
		// Nobody listens there: bound and not listening, by a socket of ours.
		failing.connecting(newSocket().bound("127.0.0.1:0"))
		var want []string
		if reader {
			Expect(w.AddReader(failing.Fd(), t.adds("reader"))).To(Succeed())
			want = append(want, "reader")
		}
		if writer {
			Expect(w.AddWriter(failing.Fd(), t.adds("writer"))).To(Succeed())
			want = append(want, "writer")
		}
		Eventually(func() []string { w.once(); return t.take() }).WithTimeout(patient).Should(Equal(want))
	},
		Entry("to its reader", true, false),
		Entry("to its writer", false, true),
		Entry("to both", true, true),
	)
}
