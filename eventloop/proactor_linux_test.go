package eventloop_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"unsafe"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/looptest"
	"github.com/tidemill-go/tidemill/eventloop/proactor"
	"github.com/tidemill-go/tidemill/platform"
)

// forbidden is what a process sees in which a seccomp filter forbids a system
// call.
type forbidden struct {
	Refusal platform.UnsupportedError
	Text    string
	Leaks   int // descriptors that are open afterwards and were not before
	Kinds   []string
	Probe   string // what the table says
}

// withoutCall is the helper program: "io_uring_setup EPERM" as its kind.
func withoutCall(what string) error {
	call, name, _ := strings.Cut(what, " ")
	number := map[string]uint32{
		"io_uring_setup": unix.SYS_IO_URING_SETUP, "io_uring_enter": unix.SYS_IO_URING_ENTER,
		"io_uring_register": unix.SYS_IO_URING_REGISTER,
	}[call]
	errno := map[string]unix.Errno{"EPERM": unix.EPERM, "ENOSYS": unix.ENOSYS}[name]
	if err := forbid(number, errno); err != nil {
		return err
	}
	_, _ = os.ReadFile(os.DevNull) // the runtime's poller opens its own at first use
	before := len(descriptors())
	l, err := eventloop.NewProactorLoop(nil)
	var saw forbidden
	refusal, ok := errors.AsType[*platform.UnsupportedError](err)
	if l != nil || !ok {
		return fmt.Errorf("a loop %v and the error %v", l, err)
	}
	saw.Refusal, saw.Text = *refusal, err.Error()
	saw.Leaks = len(descriptors()) - before
	saw.Kinds = looptest.Kinds()
	if err := platform.IOUring(); err != nil {
		saw.Probe = err.Error()
	}
	other, err := eventloop.NewSelectorLoop(nil) // the alternative
	if err != nil {
		return err
	}
	return errors.Join(other.Close(), json.NewEncoder(os.Stdout).Encode(saw))
}

// forbid makes a system call fail from now on, in all threads (seccomp(2)).
func forbid(number uint32, errno unix.Errno) error {
	const load, jumpIfEqual, answer = 0x20, 0x15, 0x06 // BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_RET|K
	program := []unix.SockFilter{
		{Code: load, K: 0}, // the call's number
		{Code: jumpIfEqual, K: number, Jf: 1},
		{Code: answer, K: unix.SECCOMP_RET_ERRNO | uint32(errno)},
		{Code: answer, K: unix.SECCOMP_RET_ALLOW},
	}
	filter := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	const setModeFilter = 1
	_, _, e := unix.Syscall(unix.SYS_SECCOMP, setModeFilter, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&filter)))
	if e != 0 {
		return os.NewSyscallError("seccomp", e)
	}
	return nil
}

var _ = Describe("NewProactorLoop", func() {
	DescribeTable("is refused with reason and alternative, and without effect, where a seccomp filter forbids",
		func(ctx SpecContext, call, errno, reason string) {
			guard()
			out, _ := helper(ctx, "forbidden:"+call+" "+errno)
			var saw forbidden
			Expect(json.Unmarshal([]byte(out), &saw)).To(Succeed(), out)
			Expect(saw.Refusal.Op).To(Equal("NewProactorLoop"))
			Expect(saw.Refusal.OS).To(Equal("linux"))
			Expect(saw.Refusal.Loop).To(Equal("io_uring"))
			Expect(saw.Refusal.Reason).To(And(ContainSubstring(reason), Equal(saw.Probe)))
			Expect(saw.Refusal.Alternative).To(Equal("NewSelectorLoop"))
			Expect(saw.Text).To(HavePrefix("NewProactorLoop: unsupported on linux by the io_uring loop: "))
			Expect(saw.Leaks).To(BeZero())
			Expect(saw.Kinds).NotTo(ContainElement("io_uring"))
		},
		Entry("all of it, as Docker does", "io_uring_setup", "EPERM", "seccomp filter", bounded),
		Entry("all of it, as if it were not there", "io_uring_setup", "ENOSYS", "has no io_uring", bounded),
		Entry("its use", "io_uring_enter", "EPERM", "seccomp filter", bounded),
		Entry("its setting up", "io_uring_register", "ENOSYS", "has no io_uring", bounded),
	)

	It("takes a proactor as it is and closes it with itself", func() {
		if platform.IOUring() != nil {
			Expect(looptest.Kinds()).NotTo(ContainElement("io_uring"))
			return
		}
		guard()
		p, err := proactor.New("io_uring", &proactor.Options{Entries: 64, Buffers: 2})
		Expect(err).NotTo(HaveOccurred())
		l, err := eventloop.NewProactorLoop(&eventloop.ProactorConfig{Proactor: p})
		Expect(err).NotTo(HaveOccurred())
		Expect(l.Kind()).To(Equal("io_uring"))
		Expect(l.Close()).To(Succeed())
		Expect(p.Owns(0)).To(BeFalse())
	})

	It("refuses what is neither a name nor a proactor, and names that nobody knows", func() {
		if platform.IOUring() != nil {
			Expect(looptest.Kinds()).NotTo(ContainElement("io_uring"))
			return
		}
		guard()
		l, err := eventloop.NewProactorLoop(&eventloop.ProactorConfig{Proactor: os.Stdin})
		Expect(l).To(BeNil())
		Expect(err).To(MatchError(ContainSubstring("*os.File")))
		l, err = eventloop.NewProactorLoop(&eventloop.ProactorConfig{Proactor: "abacus"})
		Expect(l).To(BeNil())
		Expect(err).To(MatchError(proactor.ErrUnknownMechanism))
		l, err = eventloop.NewProactorLoop(&eventloop.ProactorConfig{Proactor: "iocp"})
		Expect(l).To(BeNil())
		Expect(err).To(MatchError(errors.ErrUnsupported))
	})
})
