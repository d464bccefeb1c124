//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package selector_test

import (
	"os"
	"path/filepath"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	. "github.com/tidemill-go/tidemill/eventloop/selector"
)

// describeSystem is what only Unix has: pipes, Unix sockets, files, a limit of
// descriptors.
func describeSystem(w *world, m Mechanism) {
	describeUnixEnds(w)

	Describe("Add", func() {
		It("refuses a regular file with EPERM or reports it always ready", bounded, func(SpecContext) {
			f, err := os.Create(filepath.Join(GinkgoT().TempDir(), "file"))
			Expect(err).NotTo(HaveOccurred())
			DeferCleanup(f.Close)
			fd := int(f.Fd())
			if err := w.Add(fd, 1, Read|Write); err != nil {
				Expect(err).To(MatchError(unix.EPERM))
				Expect(w.Remove(fd)).To(MatchError(unix.ENOENT))
				return
			}
			Expect(w.now()).To(only(1, Readable|Writable))
			Expect(w.now()).To(only(1, Readable|Writable))
		})
	})

	Describe("Wait", func() {
		It("returns an error, and does not spin, when its own descriptors are gone", bounded, func(SpecContext) {
			for _, fd := range w.own {
				Expect(unix.Close(fd)).To(Succeed())
			}
			_, err := w.Wait(time.Now().Add(patient), stay)
			Expect(err).To(MatchError(unix.EBADF))
			Expect(w.Close()).To(MatchError(unix.EBADF))
		})
	})

	Describe("New", func() {
		It("fails with EMFILE when no descriptor is left, and keeps none", Serial, bounded, func(SpecContext) {
			var limit unix.Rlimit
			Expect(unix.Getrlimit(unix.RLIMIT_NOFILE, &limit)).To(Succeed())
			before := descriptors()
			tight := limit
			tight.Cur = 0
			Expect(unix.Setrlimit(unix.RLIMIT_NOFILE, &tight)).To(Succeed())
			s, err := m.New()
			Expect(unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)).To(Succeed())
			Expect(err).To(MatchError(unix.EMFILE))
			Expect(s).To(BeNil())
			Expect(descriptors()).To(Equal(before))
		})
	})
}

func describeUnixEnds(w *world) {
	Describe("the end of a connection", func() {
		DescribeTable("is reported whatever the interest when a Unix peer closes",
			func(_ SpecContext, in Interest, bits Ready) {
				a, b := newPair()
				b.close()
				Expect(w.Add(a.fd, 7, in)).To(Succeed())
				Expect(w.next()).To(says(7, w.told(bits|Ended|Failed)))
			},
			Entry("Read", bounded, Read, Readable),
			Entry("Write", bounded, Write, Writable),
		)

		It("is reported for a pipe without writers", bounded, func(SpecContext) {
			r, e := newPipe()
			Expect(w.Add(r.fd, 7, Read)).To(Succeed())
			e.close()
			events := w.next()
			Expect(events).To(says(7, w.told(Ended|Failed)))
			Expect(events[0].Ready & (Readable | Ended)).NotTo(BeZero())
		})

		It("is reported for a pipe without readers", bounded, func(SpecContext) {
			r, e := newPipe()
			Expect(w.Add(e.fd, 7, Write)).To(Succeed())
			r.close()
			Expect(w.next()).To(says(7, w.told(Writable|Failed)))
		})
	})
}
