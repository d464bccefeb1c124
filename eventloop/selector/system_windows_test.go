package selector_test

import (
	"io"
	"os"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/windows"

	. "github.com/tidemill-go/tidemill/eventloop/selector"
)

// describeSystem is what is different on Windows: handles are more than sockets.
func describeSystem(w *world, _ Mechanism) {
	Describe("Add", func() {
		DescribeTable("refuses a handle of anything but a socket with WSAENOTSOCK",
			func(open func() windows.Handle) {
				h := open()
				DeferCleanup(windows.CloseHandle, h)
				err := w.Add(int(h), 1, Read)
				Expect(err).To(MatchError(windows.WSAENOTSOCK))
				Expect(err).To(MatchError(ContainSubstring("add descriptor")))
				Expect(w.Remove(int(h))).To(MatchError(syscall.ENOENT))
				Expect(w.now()).To(BeEmpty())
			},
			Entry("a file", func() windows.Handle { return openPath(os.Args[0]) }),
			Entry("a device", func() windows.Handle { return openPath("NUL") }),
			Entry("a pipe", func() windows.Handle {
				var r, w windows.Handle
				Expect(windows.CreatePipe(&r, &w, nil, 0)).To(Succeed())
				DeferCleanup(windows.CloseHandle, w)
				return r
			}),
			Entry("an event", func() windows.Handle {
				h, err := windows.CreateEvent(nil, 0, 0, nil)
				Expect(err).NotTo(HaveOccurred())
				return h
			}),
		)
	})

	Describe("Wait", func() {
		It("returns an error, and does not spin, when its own connection is cut", bounded, func(SpecContext) {
			for _, fd := range w.own {
				Expect(shutdownWrite(fd)).To(Succeed())
			}
			_, err := w.Wait(time.Now().Add(patient), stay)
			Expect(err).To(MatchError(io.ErrUnexpectedEOF))
		})

		It("returns an error, and does not spin, when its own socket is gone", bounded, func(SpecContext) {
			event, err := windows.CreateEvent(nil, 0, 0, nil)
			Expect(err).NotTo(HaveOccurred())
			DeferCleanup(windows.CloseHandle, event)
			WithWakeSocket(w.Selector, int(event), func() {
				_, err = w.Wait(time.Now().Add(patient), stay)
			})
			Expect(err).To(Or(MatchError(windows.WSAENOTSOCK), MatchError(windows.WSAEOPNOTSUPP)), "the latter on Wine")
		})
	})
}

func openPath(path string) windows.Handle {
	GinkgoHelper()
	name, err := windows.UTF16PtrFromString(path)
	Expect(err).NotTo(HaveOccurred())
	h, err := windows.CreateFile(name, windows.GENERIC_READ, windows.FILE_SHARE_READ, nil, windows.OPEN_EXISTING, 0, 0)
	Expect(err).NotTo(HaveOccurred())
	return h
}
