package platform_test

import (
	"errors"
	"os"
	"time"
	"unsafe"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/windows"

	"github.com/tidemill-go/tidemill/platform"
)

// overlapped is a call on our end of a pipe that may be under way.
type overlapped struct {
	handle windows.Handle
	state  windows.Overlapped
	buffer []byte
}

func newOverlapped(fd int, buffer []byte) *overlapped {
	GinkgoHelper()
	event, err := windows.CreateEvent(nil, 1, 0, nil)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(windows.CloseHandle, event)
	return &overlapped{handle: windows.Handle(fd), state: windows.Overlapped{HEvent: event}, buffer: buffer}
}

func (o *overlapped) read() error  { return windows.ReadFile(o.handle, o.buffer, nil, &o.state) }
func (o *overlapped) write() error { return windows.WriteFile(o.handle, o.buffer, nil, &o.state) }

// result waits for the end of the call.
func (o *overlapped) result() (n uint32, err error) {
	if state, err := windows.WaitForSingleObject(o.state.HEvent, 5000); err != nil || state != windows.WAIT_OBJECT_0 {
		return 0, errors.Join(err, os.ErrDeadlineExceeded)
	}
	err = windows.GetOverlappedResult(o.handle, &o.state, &n, false)
	return n, err
}

func isInherited(fd int) bool {
	GinkgoHelper()
	var flags uint32
	ok, _, err := windows.NewLazySystemDLL("kernel32.dll").NewProc("GetHandleInformation").Call(uintptr(fd), uintptr(unsafe.Pointer(&flags)))
	Expect(ok).NotTo(BeZero(), "%v", err)
	return flags&windows.HANDLE_FLAG_INHERIT != 0
}

var _ = Describe("ChildPipe", func() {
	// open makes a pipe whose ends are closed with the spec, unless it is done
	// before.
	open := func(input bool) (ours, theirs int, closeTheirs func()) {
		GinkgoHelper()
		ours, theirs, err := platform.ChildPipe(input)
		Expect(err).NotTo(HaveOccurred())
		Expect(isInherited(ours)).To(BeFalse())
		Expect(isInherited(theirs)).To(BeFalse())
		DeferCleanup(windows.CloseHandle, windows.Handle(ours))
		closed := false
		closeTheirs = func() {
			if !closed {
				closed = true
				Expect(windows.CloseHandle(windows.Handle(theirs))).To(Succeed())
			}
		}
		DeferCleanup(closeTheirs)
		return ours, theirs, closeTheirs
	}
	pending := MatchError(windows.ERROR_IO_PENDING)

	It("brings what is written to an output, while our end waits, and then its end", func() {
		ours, theirs, closeTheirs := open(false)
		o := newOverlapped(ours, make([]byte, 10))
		Expect(o.read()).To(pending)
		var n uint32
		Expect(windows.WriteFile(windows.Handle(theirs), []byte("out"), &n, nil)).To(Succeed())
		Expect(o.result()).To(Equal(uint32(3)))
		Expect(string(o.buffer[:3])).To(Equal("out"))
		o = newOverlapped(ours, make([]byte, 10))
		Expect(o.read()).To(pending)
		closeTheirs()
		Expect(o.result()).Error().To(MatchError(windows.ERROR_BROKEN_PIPE))
	})

	It("takes input at once that nobody reads yet, which stays when our end is closed", func() {
		ours, theirs, err := platform.ChildPipe(true)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(windows.CloseHandle, windows.Handle(theirs))
		o := newOverlapped(ours, []byte("input"))
		Expect(o.write()).To(Or(Succeed(), pending))
		Expect(o.result()).To(Equal(uint32(5)))
		Expect(windows.CloseHandle(windows.Handle(ours))).To(Succeed())
		b := make([]byte, 10)
		var n uint32
		Expect(windows.ReadFile(windows.Handle(theirs), b, &n, nil)).To(Succeed())
		Expect(string(b[:n])).To(Equal("input"))
		Expect(windows.ReadFile(windows.Handle(theirs), b, &n, nil)).To(MatchError(windows.ERROR_BROKEN_PIPE))
	})

	It("tells a read of our writing end that the child has closed its own", func() {
		ours, theirs, closeTheirs := open(true)
		o := newOverlapped(ours, make([]byte, 1))
		Expect(o.read()).To(pending)
		Expect(windows.WriteFile(windows.Handle(theirs), []byte("x"), new(uint32), nil)).To(MatchError(windows.ERROR_ACCESS_DENIED))
		closeTheirs()
		Expect(o.result()).Error().To(MatchError(windows.ERROR_BROKEN_PIPE))
	})

	It("has a child's end that package os takes for an ordinary pipe", func() {
		_, theirs, _ := open(false)
		var copied windows.Handle
		self := windows.CurrentProcess()
		Expect(windows.DuplicateHandle(self, windows.Handle(theirs), self, &copied, 0, false, windows.DUPLICATE_SAME_ACCESS)).To(Succeed())
		file := os.NewFile(uintptr(copied), "copy")
		Expect(file.SetDeadline(time.Time{})).To(MatchError(os.ErrNoDeadline), "synchronous")
		Expect(file.WriteString("x")).To(Equal(1))
		Expect(file.Close()).To(Succeed())
	})

	It("is never the same pipe twice", func() {
		ours, _, _ := open(false)
		_, theirs, closeTheirs := open(false)
		o := newOverlapped(ours, make([]byte, 1))
		Expect(o.read()).To(pending)
		Expect(windows.WriteFile(windows.Handle(theirs), []byte("x"), new(uint32), nil)).To(Succeed())
		closeTheirs()
		Expect(windows.CancelIoEx(windows.Handle(ours), &o.state)).To(Succeed())
		Expect(o.result()).Error().To(MatchError(windows.ERROR_OPERATION_ABORTED))
	})
})
