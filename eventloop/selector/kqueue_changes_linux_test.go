package selector_test

import (
	"os"
	"path/filepath"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	. "github.com/tidemill-go/tidemill/eventloop/selector"
)

// A script is a kernel that does what the spec says and writes down what it was
// told. Whatever is not scripted succeeds and finds nothing.
type script struct {
	submitted, exchanged [][]Change
	timeouts             []time.Duration

	refuse func(Change) error
	finds  [][]Finding // one for each Exchange, in turn
	fails  error       // of Exchange
}

func (s *script) Submit(changes []Change) (refusals []error) {
	s.submitted = append(s.submitted, slices.Clone(changes))
	for _, c := range changes {
		var err error
		if s.refuse != nil {
			err = s.refuse(c)
		}
		refusals = append(refusals, err)
	}
	return refusals
}

func (s *script) Exchange(changes []Change, timeout time.Duration) (found []Finding, err error) {
	s.exchanged, s.timeouts = append(s.exchanged, slices.Clone(changes)), append(s.timeouts, timeout)
	if len(s.finds) > 0 {
		found, s.finds = s.finds[0], s.finds[1:]
	}
	return found, s.fails
}

func (s *script) Wake()         {}
func (s *script) Owns(int) bool { return false }
func (s *script) Close() error  { return nil }

// forget clears what was written down.
func (s *script) forget() { s.submitted, s.exchanged, s.timeouts = nil, nil, nil }

func (s *script) handed() (n int) {
	for _, list := range slices.Concat(s.submitted, s.exchanged) {
		n = max(n, len(list))
	}
	return n
}

var _ = Describe("the changes that kqueue is told", func() {
	var (
		s  *script
		w  *world
		fd int
		e  *end
	)
	BeforeEach(func() {
		s = &script{}
		w = &world{Selector: NewKqueueOver(s)}
		e, _ = newPair()
		fd = e.fd
	})

	told := func(list ...Change) OmegaMatcher { return HaveExactElements(HaveExactElements(list)) }
	refusing := func(f Filter, m Mode, errno error) {
		s.refuse = func(c Change) error {
			if c.Filter == f && c.Mode == m {
				return errno
			}
			return nil
		}
	}

	DescribeTable("of Add are a filter for each direction, at once",
		func(in Interest, list ...Change) {
			Expect(w.Add(fd, 1, in)).To(Succeed())
			for i := range list {
				list[i].FD = fd
			}
			Expect(s.submitted).To(told(list...))
			Expect(s.exchanged).To(BeEmpty())
		},
		Entry("Read", Read, Change{Filter: ReadFilter, Mode: Level}),
		Entry("Write", Write, Change{Filter: WriteFilter, Mode: Level}),
		Entry("both", Read|Write, Change{Filter: ReadFilter, Mode: Level}, Change{Filter: WriteFilter, Mode: Level}),
		Entry("Read with Edge", Read|Edge, Change{Filter: ReadFilter, Mode: EdgeMode}),
		Entry("both with Edge", Read|Write|Edge, Change{Filter: ReadFilter, Mode: EdgeMode}, Change{Filter: WriteFilter, Mode: EdgeMode}),
	)

	DescribeTable("of Modify",
		func(before, after Interest, list ...Change) {
			Expect(w.Add(fd, 1, before)).To(Succeed())
			s.forget()
			Expect(w.Modify(fd, 1, after)).To(Succeed())
			for i := range list {
				list[i].FD = fd
			}
			Expect(s.submitted).To(told(list...))
		},
		Entry("add what is there once more: that re-arms it, and the file may be another", Read|Edge, Read|Edge,
			Change{Filter: ReadFilter, Mode: EdgeMode}),
		Entry("add a direction", Read, Read|Write, Change{Filter: ReadFilter, Mode: Level}, Change{Filter: WriteFilter, Mode: Level}),
		Entry("take a direction away", Read|Write|Edge, Read|Edge, Change{Filter: ReadFilter, Mode: EdgeMode}, Change{Filter: WriteFilter}),
		Entry("replace a direction by the other", Read, Write, Change{Filter: ReadFilter}, Change{Filter: WriteFilter, Mode: Level}),
		Entry("take a filter out before its mode changes", Read, Read|Edge, Change{Filter: ReadFilter}, Change{Filter: ReadFilter, Mode: EdgeMode}),
		Entry("the same the other way round", Write|Edge, Write, Change{Filter: WriteFilter}, Change{Filter: WriteFilter, Mode: Level}),
	)

	It("of Modify may find that a filter is gone already", func() {
		Expect(w.Add(fd, 1, Read)).To(Succeed())
		refusing(ReadFilter, Detached, unix.ENOENT)
		Expect(w.Modify(fd, 1, Read|Edge)).To(Succeed())
		Expect(w.Modify(fd, 1, Write)).To(Succeed())
	})

	It("of Remove go with the next Wait, and only once", func() {
		Expect(w.Add(fd, 1, Read|Write)).To(Succeed())
		s.forget()
		Expect(w.Remove(fd)).To(Succeed())
		Expect(s.submitted).To(BeEmpty())
		Expect(w.now()).To(BeEmpty())
		Expect(s.exchanged).To(told(Change{FD: fd, Filter: ReadFilter}, Change{FD: fd, Filter: WriteFilter}))
		s.forget()
		Expect(w.now()).To(BeEmpty())
		Expect(s.exchanged).To(told())
	})

	It("of Remove come before those of an Add of the same number", func() {
		Expect(w.Add(fd, 1, Read|Edge)).To(Succeed())
		Expect(w.Remove(fd)).To(Succeed())
		s.forget()
		refusing(ReadFilter, Detached, unix.ENOENT)
		Expect(w.Add(fd, 2, Read)).To(Succeed())
		Expect(s.submitted).To(told(Change{FD: fd, Filter: ReadFilter}, Change{FD: fd, Filter: ReadFilter, Mode: Level}))
		Expect(w.now()).To(BeEmpty())
		Expect(s.exchanged).To(told(), "they are not made again")
		s.finds = [][]Finding{{{FD: fd}}}
		Expect(w.now()).To(only(2, Readable))
	})

	It("of Removes without a Wait are made when a call can take no more", func() {
		var fds []int
		for range KqueueRoom/2 + 100 {
			e, _ := newPair()
			fds = append(fds, e.fd)
			Expect(w.Add(e.fd, 1, Read|Write)).To(Succeed())
		}
		s.forget()
		for _, fd := range fds {
			Expect(w.Remove(fd)).To(Succeed())
		}
		Expect(w.now()).To(BeEmpty())
		taken := map[Change]bool{}
		for _, c := range slices.Concat(slices.Concat(s.submitted, s.exchanged)...) {
			Expect(c.Mode).To(Equal(Detached))
			taken[c] = true
		}
		Expect(taken).To(HaveLen(KqueueRoom + 200))
		Expect(s.handed()).To(BeNumerically("<=", KqueueRoom))
	})

	Context("when the kernel refuses one of Add", func() {
		It("is the error, and the others are taken back", func() {
			refusing(WriteFilter, Level, unix.EINVAL)
			Expect(w.Add(fd, 1, Read|Write)).To(MatchError(unix.EINVAL))
			Expect(w.Remove(fd)).To(MatchError(unix.ENOENT))
			Expect(w.now()).To(BeEmpty())
			Expect(s.exchanged).To(told(Change{FD: fd, Filter: ReadFilter}))
			s.refuse = nil
			Expect(w.Add(fd, 1, Read)).To(Succeed())
		})
	})

	Context("when the kernel refuses one of Modify", func() {
		DescribeTable("is the error, and the descriptor is forgotten",
			func(errno, shown error) {
				Expect(w.Add(fd, 1, Read)).To(Succeed())
				s.refuse = func(Change) error { return errno }
				Expect(w.Modify(fd, 1, Read|Write)).To(MatchError(shown))
				Expect(w.Modify(fd, 1, Read)).To(MatchError(unix.ENOENT))
			},
			Entry("as ENOENT if the descriptor is closed: its knotes are gone", unix.EBADF, unix.ENOENT),
			Entry("as it is otherwise", unix.ENOMEM, unix.ENOMEM),
		)
	})

	It("of Modify say with Edge, too, that the descriptor is closed", func() {
		Expect(w.Add(fd, 1, Write|Edge)).To(Succeed())
		e.close()
		s.refuse = func(Change) error { return unix.EBADF }
		Expect(w.Modify(fd, 1, Write|Edge)).To(MatchError(unix.ENOENT))
		Expect(w.now()).To(BeEmpty())
	})

	It("are none for a regular file, which is ready at each Wait as on poll", func() {
		fd := int(regularFile().Fd())
		Expect(w.Add(fd, 1, Read)).To(Succeed())
		Expect(w.now()).To(only(1, Readable))
		Expect(w.Modify(fd, 2, Write)).To(Succeed())
		Expect(w.now()).To(only(2, Writable))
		Expect(w.now()).To(only(2, Writable))
		Expect(w.Remove(fd)).To(Succeed())
		Expect(w.now()).To(BeEmpty())
		Expect(s.handed()).To(BeZero())
	})

	It("are none for a regular file that was closed, and Modify finds it", func() {
		f := regularFile()
		fd := int(f.Fd())
		Expect(w.Add(fd, 1, Read)).To(Succeed())
		Expect(f.Close()).To(Succeed())
		Expect(w.Modify(fd, 1, Read)).To(MatchError(unix.ENOENT))
		Expect(w.now()).To(BeEmpty())
	})

	It("are those of the file that has the number at Modify", func() {
		number := int(regularFile().Fd())
		Expect(w.Add(number, 1, Read)).To(Succeed())
		Expect(w.now()).To(only(1, Readable))
		Expect(unix.Dup2(fd, number)).To(Succeed())
		Expect(w.Modify(number, 1, Read)).To(Succeed())
		Expect(w.now()).To(BeEmpty())
		Expect(s.submitted).To(told(Change{FD: number, Filter: ReadFilter, Mode: Level}))
	})

	It("are about a pipe's writing end if Modify finds one", func() {
		_, end := newPipe()
		number := e.fd
		Expect(w.Add(number, 1, Read)).To(Succeed())
		Expect(unix.Dup2(end.fd, number)).To(Succeed())
		s.forget()
		Expect(w.Modify(number, 2, Read)).To(Succeed())
		Expect(s.submitted).To(told(
			Change{FD: number, Filter: ReadFilter, Mode: Level}, Change{FD: number, Filter: WriteFilter, Mode: EdgeMode}))
	})

	It("are forgotten with a file that was always ready, whoever has the number next", bounded, func(SpecContext) {
		number := int(regularFile().Fd())
		Expect(w.Add(number, 1, Read)).To(Succeed())
		Expect(w.Remove(number)).To(Succeed())
		Expect(unix.Dup2(fd, number)).To(Succeed())
		Expect(w.Add(number, 2, Read|Edge)).To(Succeed())
		Expect(w.now()).To(BeEmpty())
	})

	It("watch a pipe's writing end for its end, by the filter that tells of it", func() {
		r, e := newPipe()
		Expect(w.Add(e.fd, 1, Read)).To(Succeed())
		Expect(w.Add(r.fd, 1, Read)).To(Succeed())
		Expect(s.submitted).To(Equal([][]Change{
			{{FD: e.fd, Filter: ReadFilter, Mode: Level}, {FD: e.fd, Filter: WriteFilter, Mode: EdgeMode}},
			{{FD: r.fd, Filter: ReadFilter, Mode: Level}},
		}))
	})

	It("of a writing end need no reading filter", func() {
		_, e := newPipe()
		refusing(ReadFilter, EdgeMode, unix.EINVAL)
		Expect(w.Add(e.fd, 1, Read|Edge)).To(Succeed())
		s.refuse = func(Change) error { return unix.EINVAL }
		Expect(w.Modify(e.fd, 1, Read|Edge)).To(MatchError(unix.EINVAL), "but one of the two")
	})
})

func regularFile() *os.File {
	GinkgoHelper()
	f, err := os.Create(filepath.Join(GinkgoT().TempDir(), "file"))
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { _ = f.Close() })
	return f
}
