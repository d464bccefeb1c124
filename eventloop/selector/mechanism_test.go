package selector_test

import (
	"errors"
	"runtime"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/selector"
	"github.com/tidemill-go/tidemill/platform"
)

// has reports whether this system's table holds the name.
func has(name string) bool {
	return slices.ContainsFunc(selector.Mechanisms(), func(m selector.Mechanism) bool { return m.Name == name })
}

var _ = Describe("Mechanisms", func() {
	It("gives every mechanism a name of its own that New knows", func() {
		seen := map[string]bool{}
		for _, m := range selector.Mechanisms() {
			Expect(seen).NotTo(HaveKey(m.Name))
			seen[m.Name] = true
			s, err := selector.New(m.Name)
			Expect(err).NotTo(HaveOccurred())
			Expect(s.Name()).To(Equal(m.Name))
			Expect(s.Close()).To(Succeed())
		}
	})

	It("returns a copy that the caller may change", func() {
		changed := selector.Mechanisms()
		for i := range changed {
			changed[i].Name = "changed"
		}
		for _, m := range selector.Mechanisms() {
			Expect(m.Name).NotTo(Equal("changed"))
		}
	})
})

var _ = Describe("New", func() {
	It("takes the first mechanism for an empty name, or refuses where there is none", func() {
		s, err := selector.New("")
		if table := selector.Mechanisms(); len(table) > 0 {
			Expect(err).NotTo(HaveOccurred())
			Expect(s.Name()).To(Equal(table[0].Name))
			Expect(s.Close()).To(Succeed())
			return
		}
		Expect(s).To(BeNil())
		Expect(err).To(MatchError(errors.ErrUnsupported))
	})

	It("refuses a name that nobody knows and lists those of this system", func() {
		s, err := selector.New("Epoll ")
		Expect(s).To(BeNil())
		Expect(err).To(MatchError(selector.ErrUnknownMechanism))
		Expect(err).NotTo(MatchError(errors.ErrUnsupported))
		Expect(err).To(MatchError(ContainSubstring(`"Epoll "`)))
		for _, m := range selector.Mechanisms() {
			Expect(err).To(MatchError(ContainSubstring(m.Name)))
		}
	})

	It("refuses a mechanism of another system with a reason and an alternative", func() {
		refused := 0
		for _, name := range []string{"epoll", "kqueue", "poll", "select"} {
			if has(name) {
				continue
			}
			refused++
			s, err := selector.New(name)
			Expect(s).To(BeNil())
			Expect(err).To(MatchError(errors.ErrUnsupported))
			var e *platform.UnsupportedError
			Expect(errors.As(err, &e)).To(BeTrue())
			Expect(e.Op).To(Equal("NewSelectorLoop"))
			Expect(e.Loop).To(Equal(name))
			Expect(e.OS).To(Equal(runtime.GOOS))
			Expect(e.Reason).NotTo(BeEmpty())
			Expect(e.Alternative).To(Or(Equal("NewProactorLoop"), Satisfy(has)))
		}
		Expect(refused).To(BeNumerically(">=", 1), "no system has all of them")
	})
})
