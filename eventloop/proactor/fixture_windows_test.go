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
const longRun = 2500

var (
	kernel          = windows.NewLazySystemDLL("kernel32.dll")
	procHandleCount = kernel.NewProc("GetProcessHandleCount")
	procHandleFlags = kernel.NewProc("GetHandleInformation")
	procQueryObject = windows.NewLazySystemDLL("ntdll.dll").NewProc("NtQueryObject")
)

// threadsWorth is how many handles a few threads of the runtime have, which may
// start at any time.
const threadsWorth = 12

// handles counts those of the process.
func handles() int {
	GinkgoHelper()
	var n uint32
	ok, _, err := procHandleCount.Call(uintptr(windows.CurrentProcess()), uintptr(unsafe.Pointer(&n)))
	Expect(ok).NotTo(BeZero(), "%v", err)
	return int(n)
}

// leftovers counts the files, sockets, pipes and ports of the process, by their
// kinds, aside from those that the spec has and closes. Go's threads have events and semaphores, which come and go.
func leftovers() map[string]int {
	GinkgoHelper()
	count := map[string]int{}
	for h := 4; h < 8*handles()+1024; h += 4 {
		if open[h] {
			continue
		}
		if kind := objectKind(h); kind == "File" || kind == "IoCompletion" {
			count[kind]++
		}
	}
	return count
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
