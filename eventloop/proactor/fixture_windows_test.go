package proactor_test

import (
	"unsafe"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/windows"

	"github.com/tidemill-go/tidemill/eventloop/proactor"
)

// The modes are what handles can do or not.
var modes = []struct {
	name    string
	without proactor.Features
}{
	{"with everything", 0},
	{"with a packet for everything", proactor.SkippedPackets},
}

// What the system calls the errors that the specs of all systems look for.
const (
	errReset        = windows.WSAECONNRESET
	errRefused      = windows.WSAECONNREFUSED
	errNotListening = windows.WSAEINVAL
)

// longRun is how many receives it takes to see that buffers are not needed any
// more.
const longRun = 200

var (
	kernel          = windows.NewLazySystemDLL("kernel32.dll")
	procHandleCount = kernel.NewProc("GetProcessHandleCount")
	procHandleFlags = kernel.NewProc("GetHandleInformation")
	procQueryObject = windows.NewLazySystemDLL("ntdll.dll").NewProc("NtQueryObject")
)

// threadsWorth is how many handles a few threads of the runtime have, which may
// start at any time.
const threadsWorth = 12

// handles counts those of the process: what the system says, and, because Wine
// says zero, what can be found, far beyond the last one.
func handles() (n int) {
	GinkgoHelper()
	var said uint32
	ok, _, err := procHandleCount.Call(uintptr(windows.CurrentProcess()), uintptr(unsafe.Pointer(&said)))
	Expect(ok).NotTo(BeZero(), "%v", err)
	eachHandle(1<<14, func(int) { n++ })
	return max(n, int(said))
}

// eachHandle calls f with every handle of the process up to a gap of as many
// numbers. They are multiples of four, and dense.
func eachHandle(gap int, f func(h int)) {
	for h, missing := 4, 0; missing < gap; h += 4 {
		var flags uint32
		if is, _, _ := procHandleFlags.Call(uintptr(h), uintptr(unsafe.Pointer(&flags))); is == 0 {
			missing++
			continue
		}
		missing = 0
		f(h)
	}
}

// leftovers counts the files, sockets, pipes and ports of the process, by their
// kinds, aside from those that the spec has and closes. Go's threads have events
// and semaphores, which come and go.
func leftovers() map[string]int {
	count := map[string]int{}
	eachHandle(256, func(h int) {
		if kind := objectKind(h); !open[h] && (kind == "File" || kind == "IoCompletion") {
			count[kind]++
		}
	})
	return count
}

// memoryOf returns what fails the spec if the system still has the memory that a
// proactor has now.
func memoryOf(p proactor.Proactor) (gone func()) {
	const free = 0x10000 // MEM_FREE
	blocks := proactor.Blocks(p)
	return func() {
		GinkgoHelper()
		for _, at := range blocks {
			var info windows.MemoryBasicInformation
			Expect(windows.VirtualQuery(at, &info, unsafe.Sizeof(info))).To(Succeed())
			Expect(info.State).To(BeEquivalentTo(free), "a block of operations")
		}
	}
}

// objectKind is the kernel's name for what is behind a handle, empty if nothing
// is.
func objectKind(h int) string {
	const objectTypeInformation = 2
	var answer struct {
		name windows.NTUnicodeString
		rest [1024]byte
	}
	status, _, _ := procQueryObject.Call(uintptr(h), objectTypeInformation, uintptr(unsafe.Pointer(&answer)), unsafe.Sizeof(answer), 0)
	if status != 0 {
		return ""
	}
	return answer.name.String()
}

// localPair is a pair of TCP: there is no other family.
func localPair() (a, b int) { return pair(true) }

// inherited reports whether a child gets a handle.
func inherited(fd int) bool {
	GinkgoHelper()
	var flags uint32
	ok, _, err := procHandleFlags.Call(uintptr(fd), uintptr(unsafe.Pointer(&flags)))
	Expect(ok).NotTo(BeZero(), "%v", err)
	return flags&windows.HANDLE_FLAG_INHERIT != 0
}
