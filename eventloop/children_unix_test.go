//go:build unix

package eventloop_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/subprocess"
)

// What becomes of children that are ended.
const (
	killed     = -int(syscall.SIGKILL)
	terminated = -int(syscall.SIGTERM)

	// Scripts.
	ownDirectory = "pwd -P"
	manyLines    = "i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done"
)

// drainStep is how often specs look at what no event tells.
const drainStep = 2 * time.Millisecond

// shell returns spec with what runs a script.
func shell(script string, spec subprocess.Spec) subprocess.Spec {
	spec.Path, spec.Args = "/bin/sh", []string{"-c", script}
	return spec
}

// beWithoutReader expects the end of a child's input whose reader is gone.
func beWithoutReader() OmegaMatcher { return Equal("pipe0(broken pipe)") }

// gate is what a child waits for: a pipe.
type gate struct {
	*os.File
	theirs *os.File
}

func newGate() *gate {
	GinkgoHelper()
	r, w := filePipe()
	return &gate{w, r}
}

// before returns spec with the gate.
func (g *gate) before(spec subprocess.Spec) subprocess.Spec {
	spec.ExtraFiles = []*os.File{g.theirs}
	return spec
}

// childProcesses returns the children of this process, zombies included, where
// the system has a /proc to tell.
func childProcesses() (pids []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range stats {
		if pid, _, parent := readStat(name); parent == os.Getpid() {
			pids = append(pids, pid)
		}
	}
	return pids
}

// readStat takes what is behind the name of the program, which may hold
// anything.
func readStat(name string) (pid int, state string, parent int) {
	b, err := os.ReadFile(name)
	if err != nil {
		return 0, "", 0
	}
	text := string(b)
	end := strings.LastIndexByte(text, ')')
	fields := strings.Fields(text[end+1:])
	pid, _ = strconv.Atoi(text[:strings.IndexByte(text, ' ')])
	parent, _ = strconv.Atoi(fields[1])
	return pid, fields[0], parent
}

// hasEnded says that a child does not run any more, reaped or not.
func hasEnded(pid int) bool {
	_, state, _ := readStat(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return state == "" || state == "Z"
}

// exists says that there is such a process, ended or not.
func exists(pid int) bool { return syscall.Kill(pid, 0) != syscall.ESRCH }
