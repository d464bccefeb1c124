package eventloop_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"
	"unsafe"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/windows"

	"github.com/tidemill-go/tidemill/subprocess"
)

// What becomes of children that are ended.
const (
	killed     = 1
	terminated = 1

	// Scripts.
	ownDirectory = "pwd"
	manyLines    = "lines 3000"
)

// beWithoutReader expects the end of a child's input whose reader is gone: by what
// the write was told, or by what the reading half was.
func beWithoutReader() OmegaMatcher {
	var each []OmegaMatcher
	for _, errno := range []error{windows.ERROR_BROKEN_PIPE, windows.ERROR_NO_DATA, syscall.EPIPE} {
		each = append(each, Equal(fmt.Sprintf("pipe0(%v)", errno)))
	}
	return Or(each...)
}

// gateVariable is the address of a gate, in the environment of a child.
const gateVariable = "TIDEMILL_SPEC_GATE"

// shell returns spec with the helper program that runs scripts.
func shell(script string, spec subprocess.Spec) subprocess.Spec {
	self, err := os.Executable()
	if err != nil {
		panic(err) // helper programs have nobody to expect
	}
	spec.Path, spec.Args = self, []string{"-c", script}
	spec.Env = append(environment(spec), helperVariable+"=shell")
	return spec
}

// environment is that of a child that is not the helper which starts it.
func environment(spec subprocess.Spec) []string {
	env := slices.Clone(spec.Env)
	if spec.Env == nil {
		env = os.Environ()
	}
	return slices.DeleteFunc(env, func(v string) bool { return strings.HasPrefix(v, helperVariable+"=") })
}

// gate is what a child waits for: a connection, as it is given no other files
// than its standard streams.
type gate struct {
	listener *net.TCPListener
	conn     net.Conn
}

func newGate() *gate {
	GinkgoHelper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	g := &gate{listener: l.(*net.TCPListener)}
	DeferCleanup(func() { _ = g.Close() })
	return g
}

// before returns spec with the gate.
func (g *gate) before(spec subprocess.Spec) subprocess.Spec {
	spec.Env = append(environment(spec), gateVariable+"="+g.listener.Addr().String())
	return spec
}

// WriteString waits for the child.
func (g *gate) WriteString(s string) (n int, err error) {
	if g.conn == nil {
		_ = g.listener.SetDeadline(time.Now().Add(patient))
		if g.conn, err = g.listener.Accept(); err != nil {
			return 0, err
		}
	}
	return g.conn.Write([]byte(s))
}

// Close ends what the child reads, if it has come already, or when it comes.
func (g *gate) Close() error {
	if g.conn != nil {
		_ = g.conn.Close()
	}
	if err := g.listener.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// childProcesses returns the children of this process that run.
func childProcesses() (pids []int) {
	snapshot, err := windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPPROCESS, 0)
	if err != nil {
		return []int{-1}
	}
	defer windows.CloseHandle(snapshot)
	entry := windows.ProcessEntry32{Size: uint32(unsafe.Sizeof(windows.ProcessEntry32{}))}
	for err = windows.Process32First(snapshot, &entry); err == nil; err = windows.Process32Next(snapshot, &entry) {
		if entry.ParentProcessID == uint32(os.Getpid()) && !hasEnded(int(entry.ProcessID)) {
			pids = append(pids, int(entry.ProcessID))
		}
	}
	return pids
}

// hasEnded says that a child does not run any more.
func hasEnded(pid int) bool {
	handle, err := windows.OpenProcess(windows.SYNCHRONIZE, false, uint32(pid))
	if err != nil {
		return true
	}
	defer windows.CloseHandle(handle)
	state, _ := windows.WaitForSingleObject(handle, 0)
	return state == windows.WAIT_OBJECT_0
}

// exists says that there is such a process. Nobody can tell one that has ended
// from one whose handle was given back.
func exists(pid int) bool { return !hasEnded(pid) }
