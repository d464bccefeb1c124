package subprocess_test

import (
	"os"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"unsafe"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/windows"

	"github.com/tidemill-go/tidemill/subprocess"
)

// watchers are all that Windows has. The table refuses to choose; a loop uses
// this one.
var watchers = []watcherMaker{
	{"goroutine", func() (subprocess.ChildWatcher, error) { return subprocess.NewGoroutineWatcher(), nil }},
}

// crowd is how many children end together in a spec.
const crowd = 30

var watcherSpecsHere []func(*scene)

// errReaped is package os's answer about a process that was waited for.
var errReaped = syscall.EINVAL

// started are the children of the specs by number, those that were waited for
// excepted: nobody here has a list of children.
var started struct {
	sync.Mutex
	processes map[int]*os.Process
}

// childVariable is, in the environment of a child, the code that it is to end with.
const childVariable = "TIDEMILL_SPEC_CHILD"

// TestMain also is the children of the specs, behind a byte or the end of their
// input.
func TestMain(m *testing.M) {
	if text := os.Getenv(childVariable); text != "" {
		code, _ := strconv.Atoi(text)
		_, _ = os.Stdin.Read(make([]byte, 1))
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// startChild starts a child that ends with a code, behind a line of its input if
// it has one. It has no console: to make one takes as long as the child.
func startChild(code int, stdin *os.File) *os.Process {
	GinkgoHelper()
	self, err := os.Executable()
	Expect(err).NotTo(HaveOccurred())
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	Expect(err).NotTo(HaveOccurred())
	defer null.Close()
	if stdin == nil {
		stdin = null
	}
	p, err := os.StartProcess(self, []string{self}, &os.ProcAttr{
		Env:   append(os.Environ(), childVariable+"="+strconv.Itoa(code)),
		Files: []*os.File{stdin, null, null},
		Sys:   &syscall.SysProcAttr{CreationFlags: windows.DETACHED_PROCESS},
	})
	Expect(err).NotTo(HaveOccurred())
	started.Lock()
	defer started.Unlock()
	if started.processes == nil {
		started.processes = make(map[int]*os.Process)
	}
	started.processes[p.Pid] = p
	return p
}

// openDescriptors returns the open files, sockets and pipes. It ends with the last
// handle that there is: to look at one is a call to another process under Wine.
func openDescriptors() (open []int) {
	kernel := windows.NewLazySystemDLL("kernel32.dll")
	var left, flags uint32
	_, _, _ = kernel.NewProc("GetProcessHandleCount").Call(uintptr(windows.CurrentProcess()), uintptr(unsafe.Pointer(&left)))
	for h := 4; h < 4*2048 && left > 0; h += 4 {
		if is, _, _ := kernel.NewProc("GetHandleInformation").Call(uintptr(h), uintptr(unsafe.Pointer(&flags))); is == 0 {
			continue
		}
		left--
		if kind, err := windows.GetFileType(windows.Handle(h)); err == nil && kind != windows.FILE_TYPE_UNKNOWN {
			open = append(open, h)
		}
	}
	return open
}

// anyChild says whether a child of the specs was not waited for.
func anyChild() bool {
	started.Lock()
	defer started.Unlock()
	for pid, p := range started.processes {
		if p.WithHandle(func(uintptr) {}) == nil {
			return true
		}
		delete(started.processes, pid)
	}
	return false
}

// hasEnded says that a child does not run any more.
func hasEnded(pid int) (ended bool) {
	started.Lock()
	p := started.processes[pid]
	started.Unlock()
	if p == nil {
		return true
	}
	if p.WithHandle(func(handle uintptr) {
		state, _ := windows.WaitForSingleObject(windows.Handle(handle), 0)
		ended = state == windows.WAIT_OBJECT_0
	}) != nil {
		return true
	}
	return ended
}

// wasReaped says that its handle was given back.
func wasReaped(pid int) bool {
	started.Lock()
	defer started.Unlock()
	p := started.processes[pid]
	return p == nil || p.WithHandle(func(uintptr) {}) != nil
}
