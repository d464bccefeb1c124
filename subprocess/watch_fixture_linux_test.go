package subprocess_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/subprocess"
)

// watchers are all that run here, by name. That of kqueue runs over a queue that
// behaves like the kernel's.
var watchers = []watcherMaker{
	{"pidfd", func() (subprocess.ChildWatcher, error) { return subprocess.NewPidFDWatcher() }},
	{"kqueue", func() (subprocess.ChildWatcher, error) { return subprocess.NewKqueueWatcherOver(newWaitQueue), nil }},
	{"goroutine", func() (subprocess.ChildWatcher, error) { return subprocess.NewGoroutineWatcher(), nil }},
	{"safe", func() (subprocess.ChildWatcher, error) { return subprocess.NewSafeWatcher() }},
	{"fast", func() (subprocess.ChildWatcher, error) { return subprocess.NewFastWatcher() }},
}

// newWaitQueue is kqueue's half over waitid: a process that has ended can not be
// registered, as on macOS.
func newWaitQueue() (subprocess.Queue, error) {
	ended := make(chan int)
	return subprocess.Queue{
		Add: func(pid int) error {
			if zombie, err := platform.EndedChild(pid); zombie != 0 || err != nil {
				return syscall.ESRCH
			}
			go func() {
				_ = unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
				ended <- pid
			}()
			return nil
		},
		Wait:  func() (pids []int, err error) { return []int{<-ended}, nil },
		Close: func() {},
	}, nil
}

// waitingThreads is how many threads are blocked in waiting for a child, by the
// kernel's word.
func waitingThreads() (waiting int) {
	calls := []string{fmt.Sprint(unix.SYS_WAITID), fmt.Sprint(unix.SYS_WAIT4)}
	tasks, _ := os.ReadDir("/proc/self/task")
	for _, task := range tasks {
		call, _ := os.ReadFile(fmt.Sprintf("/proc/self/task/%s/syscall", task.Name()))
		if number, _, _ := strings.Cut(string(call), " "); slices.Contains(calls, number) {
			waiting++
		}
	}
	return waiting
}
