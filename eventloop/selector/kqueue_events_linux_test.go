package selector_test

import (
	"errors"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	. "github.com/tidemill-go/tidemill/eventloop/selector"
)

var _ = Describe("what kqueue finds", func() {
	var (
		s *script
		w *world
		a *end
	)
	BeforeEach(func() {
		s = &script{}
		w = &world{Selector: NewKqueueOver(s)}
		a, _ = newPair()
	})

	find := func(found ...Finding) {
		for i := range found {
			if found[i].FD == 0 {
				found[i].FD = a.fd
			}
		}
		s.finds = append(s.finds, found)
	}
	events := func() []Event {
		GinkgoHelper()
		list, err := w.Wait(time.Time{}, nil)
		Expect(err).NotTo(HaveOccurred())
		return list
	}

	DescribeTable("of one filter is told as",
		func(in Interest, f Finding, bits Ready) {
			Expect(w.Add(a.fd, 7, in)).To(Succeed())
			find(f)
			Expect(events()).To(only(7, bits))
			Expect(events()).To(BeEmpty())
		},
		Entry("input", Read, Finding{}, Readable),
		Entry("an end", Read, Finding{EOF: true}, Readable|Ended),
		Entry("a reset", Read, Finding{EOF: true, Pending: true}, Readable|Ended|Failed),
		Entry("input that an urgent mark may cut short, with Edge", Read|Edge, Finding{}, Readable|Urgent),
		Entry("the same at an end", Read|Edge, Finding{EOF: true}, Readable|Ended|Urgent),
		Entry("room", Write, Finding{Filter: WriteFilter}, Writable),
		Entry("room, with Edge", Write|Edge, Finding{Filter: WriteFilter}, Writable),
		Entry("nobody who takes it", Write, Finding{Filter: WriteFilter, EOF: true}, Writable|Failed),
		Entry("a connect that failed", Write, Finding{Filter: WriteFilter, EOF: true, Pending: true}, Writable|Failed),
	)

	It("of both filters is one event, with the tag of the last Modify", func() {
		Expect(w.Add(a.fd, 7, Read)).To(Succeed())
		Expect(w.Modify(a.fd, 8, Read|Write)).To(Succeed())
		find(Finding{}, Finding{Filter: WriteFilter})
		Expect(events()).To(only(8, Readable|Writable))
		find(Finding{Filter: WriteFilter}, Finding{EOF: true})
		Expect(events()).To(only(8, Readable|Writable|Ended))
	})

	It("keeps descriptors apart", func() {
		b, _ := newPair()
		Expect(w.Add(a.fd, 7, Read|Write)).To(Succeed())
		Expect(w.Add(b.fd, 9, Read|Write)).To(Succeed())
		find(Finding{}, Finding{FD: b.fd, Filter: WriteFilter}, Finding{Filter: WriteFilter}, Finding{FD: b.fd, EOF: true})
		Expect(events()).To(Equal([]Event{{7, Readable | Writable}, {9, Writable | Readable | Ended}}))
	})

	It("is dropped for what is not registered, or not for that", func() {
		Expect(w.Add(a.fd, 7, Write)).To(Succeed())
		find(Finding{FD: a.fd + 1}, Finding{FD: 1 << 20}, Finding{FD: -1}, Finding{Filter: ReadFilter, EOF: true})
		Expect(events()).To(BeEmpty())
	})

	Context("when removals were refused, because the descriptor was closed first", func() {
		gone := Finding{Refused: unix.EBADF}
		BeforeEach(func() {
			Expect(w.Add(a.fd, 1, Read)).To(Succeed())
			Expect(w.Remove(a.fd)).To(Succeed())
		})

		It("asks again, as there may be events", func() {
			b, _ := newPair()
			Expect(w.Add(b.fd, 9, Read)).To(Succeed())
			Expect(w.Remove(b.fd)).To(Succeed())
			Expect(w.Add(b.fd, 9, Read)).To(Succeed())
			Expect(w.Add(a.fd, 1, Read)).To(Succeed())
			Expect(w.Remove(a.fd)).To(Succeed())
			s.forget()
			find(gone)
			find(Finding{FD: b.fd})
			Expect(events()).To(only(9, Readable))
			Expect(s.exchanged).To(HaveLen(2))
			Expect(s.exchanged[0]).NotTo(BeEmpty())
			Expect(s.exchanged[1]).To(BeEmpty())
		})

		It("takes it for no event of whoever has the number now", func() {
			b, _ := newPair()
			Expect(w.Add(b.fd, 9, Read)).To(Succeed())
			find(Finding{FD: b.fd, Refused: unix.ENOENT}, Finding{FD: b.fd, Filter: WriteFilter})
			Expect(events()).To(BeEmpty())
		})
	})

	It("of a writing end is nothing but its end", func() {
		_, e := newPipe()
		Expect(w.Add(e.fd, 7, Read)).To(Succeed())
		find(Finding{FD: e.fd}, Finding{FD: e.fd, Filter: WriteFilter})
		Expect(events()).To(BeEmpty())
		find(Finding{FD: e.fd, EOF: true})
		Expect(events()).To(only(7, Failed))
		Expect(events()).To(only(7, Failed), "as the edge does not come again")
	})

	It("of a writing end's end is the kernel's to repeat, if somebody wants to write", func() {
		_, e := newPipe()
		Expect(w.Add(e.fd, 7, Write)).To(Succeed())
		find(Finding{FD: e.fd, Filter: WriteFilter, EOF: true})
		Expect(events()).To(only(7, Writable|Failed))
		Expect(events()).To(BeEmpty(), "a FIFO may have got a reader again")
	})

	It("is asked for without waiting, and then with the time that is left", func() {
		parked := 0
		_, err := w.Wait(time.Now().Add(time.Hour), func() bool { parked++; return true })
		Expect(err).NotTo(HaveOccurred())
		Expect(parked).To(Equal(1))
		Expect(s.timeouts).To(HaveLen(2))
		Expect(s.timeouts[0]).To(BeZero())
		Expect(s.timeouts[1]).To(BeNumerically("~", time.Hour, time.Minute))
		s.forget()
		_, err = w.Wait(time.Time{}, stay)
		Expect(err).NotTo(HaveOccurred())
		Expect(s.timeouts).To(ConsistOf(BeZero(), BeNumerically("<", 0)))
	})

	It("is an error if the queue is broken, and then nothing else", func() {
		Expect(w.Add(a.fd, 7, Read)).To(Succeed())
		find(Finding{})
		s.fails = errors.New("broken")
		list, err := w.Wait(time.Time{}, stay)
		Expect(err).To(MatchError("broken"))
		Expect(list).To(BeEmpty())
		Expect(s.timeouts).To(HaveLen(1))
	})
})

// The readers of a pipe can be missed from its writing end in three ways.
var _ = Describe("a pipe's writing end on kqueue", func() {
	for _, name := range []string{"macOS", "FreeBSD", "NetBSD"} {
		Context("of "+name, func() {
			var (
				w    *world
				r, e *end
			)
			BeforeEach(func() {
				w = &world{}
				w.open(Mechanism{New: func() (Selector, error) {
					k, err := newKernel()
					if err != nil {
						return nil, err
					}
					k.freeBSD, k.netBSD = name == "FreeBSD", name == "NetBSD"
					return NewKqueueOver(k), nil
				}})
				r, e = newPipe()
			})

			It("is silent with Read while somebody reads", bounded, func(SpecContext) {
				Expect(w.Add(e.fd, 7, Read)).To(Succeed())
				w.expectQuiet()
				e.write("x")
				r.empty()
				w.expectQuiet()
			})

			It("is Failed with Read at each Wait when nobody does any more", bounded, func(SpecContext) {
				Expect(w.Add(e.fd, 7, Read)).To(Succeed())
				r.close()
				Expect(w.next()).To(only(7, Failed))
				Expect(w.now()).To(only(7, Failed))
				Expect(w.Remove(e.fd)).To(Succeed())
				w.expectQuiet()
			})

			It("is Failed with Read and Edge once", bounded, func(SpecContext) {
				Expect(w.Add(e.fd, 7, Read|Edge)).To(Succeed())
				e.fill()
				w.expectQuiet()
				r.close()
				Expect(w.next()).To(only(7, Failed))
				w.expectQuiet()
				Expect(w.Modify(e.fd, 8, Read|Edge)).To(Succeed())
				Expect(w.next()).To(only(8, Failed))
				w.expectQuiet()
			})

			DescribeTable("is reported also if it is added when nobody reads any more",
				func(_ SpecContext, in Interest, bits Ready, again bool) {
					r.close()
					Expect(w.Add(e.fd, 7, in)).To(Succeed())
					Expect(w.next()).To(only(7, bits))
					if again {
						Expect(w.now()).To(only(7, bits))
					} else {
						w.expectQuiet()
					}
					Expect(w.Modify(e.fd, 8, in)).To(Succeed())
					Expect(w.next()).To(only(8, bits))
					Expect(w.Remove(e.fd)).To(Succeed())
					w.expectQuiet()
				},
				Entry("Read", bounded, Read, Failed, true),
				Entry("Write", bounded, Write, Writable|Failed, true),
				Entry("both", bounded, Read|Write, Writable|Failed, true),
				Entry("Read with Edge", bounded, Read|Edge, Failed, false),
				Entry("Write with Edge", bounded, Write|Edge, Writable|Failed, false),
			)

			It("does not confuse others when several stand and go", bounded, func(SpecContext) {
				r.close()
				Expect(w.Add(e.fd, 1, Read)).To(Succeed())
				var ends []*end
				for tag := range uint64(4) {
					r, e := newPipe()
					r.close()
					Expect(w.Add(e.fd, 2+tag, Read)).To(Succeed())
					ends = append(ends, e)
				}
				Expect(w.now()).To(HaveLen(5))
				Expect(w.Remove(ends[1].fd)).To(Succeed())
				Expect(w.Remove(e.fd)).To(Succeed())
				Expect(w.now()).To(ConsistOf(Event{2, Failed}, Event{4, Failed}, Event{5, Failed}))
			})

			It("is refused if it is closed", bounded, func(SpecContext) {
				fd := e.fd
				r.close()
				e.close()
				Expect(w.Add(fd, 1, Write)).To(MatchError(unix.EBADF))
			})
		})
	}
})
