package subprocess_test

import (
	"fmt"
	"os"
	"sync"
	"syscall"

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

var watcherSpecsHere []func(kind string, newWatcher func() (subprocess.ChildWatcher, error))

// errReaped is package os's answer about a process that was waited for.
var errReaped = syscall.EINVAL

// started are the children of the specs by number, those that were waited for
// excepted: nobody here has a list of children.
var started struct {
	sync.Mutex
	processes map[int]*os.Process
}

// startChild starts a child that ends with a code, behind a line of its input if
// it has one.
func startChild(code int, stdin *os.File) *os.Process {
	GinkgoHelper()
	shell, script := os.Getenv("COMSPEC"), fmt.Sprintf("exit %d", code)
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	Expect(err).NotTo(HaveOccurred())
	defer null.Close()
	if stdin == nil {
		stdin = null
	} else {
		script = "set /p line= & " + script
	}
	p, err := os.StartProcess(shell, []string{shell, "/c", script}, &os.ProcAttr{Files: []*os.File{stdin, null, null}})
	Expect(err).NotTo(HaveOccurred())
	started.Lock()
	defer started.Unlock()
	if started.processes == nil {
		started.processes = make(map[int]*os.Process)
	}
	started.processes[p.Pid] = p
	return p
}

// openDescriptors returns the open files, sockets and pipes.
func openDescriptors() (open []int) {
	for h := 4; h < 4*2048; h += 4 {
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
