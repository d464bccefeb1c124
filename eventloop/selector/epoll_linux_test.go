package selector_test

import (
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/eventloop/selector"
)

var _ = Describe("On Linux", func() {
	It("prefers epoll to poll and poll to select", func() {
		var names []string
		for _, m := range selector.Mechanisms() {
			names = append(names, m.Name)
		}
		Expect(names).To(Equal([]string{"epoll", "poll", "select"}))
	})

	It("honours Edge with epoll only", func() {
		for _, m := range selector.Mechanisms() {
			Expect(isEdgeTriggered(m)).To(Equal(m.Name == "epoll"))
		}
	})

	DescribeTable("a regular file",
		func(name string, accepted bool) {
			f, err := os.Create(filepath.Join(GinkgoT().TempDir(), "file"))
			Expect(err).NotTo(HaveOccurred())
			DeferCleanup(f.Close)
			s, err := selector.New(name)
			Expect(err).NotTo(HaveOccurred())
			DeferCleanup(s.Close)
			err = s.Add(int(f.Fd()), 1, selector.Read)
			if accepted {
				Expect(err).NotTo(HaveOccurred())
			} else {
				Expect(err).To(MatchError(unix.EPERM))
			}
		},
		Entry("is refused by epoll with EPERM", "epoll", false),
		Entry("is watched by poll", "poll", true),
		Entry("is watched by select", "select", true),
	)

	DescribeTable("a descriptor that was closed while it was registered",
		func(name string, times int) {
			s, err := selector.New(name)
			Expect(err).NotTo(HaveOccurred())
			DeferCleanup(s.Close)
			r, _ := newPipe()
			Expect(s.Add(r.fd, 1, selector.Read)).To(Succeed())
			fd := r.fd
			r.close()
			w := &world{Selector: s}
			for range 2 {
				if times > 0 {
					Expect(w.now()).To(only(1, selector.Failed))
				}
				Expect(w.now()).To(BeEmpty())
				if err := s.Modify(fd, 1, selector.Read); times == 0 {
					Expect(err).To(MatchError(unix.ENOENT))
				} else {
					Expect(err).NotTo(HaveOccurred(), "Modify watches it again")
				}
			}
		},
		Entry("is forgotten by epoll", "epoll", 0),
		Entry("is reported Failed once by poll", "poll", 1),
		Entry("is reported Failed once by select", "select", 1),
	)
})
