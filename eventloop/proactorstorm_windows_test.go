package eventloop_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"time"
	"unsafe"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/windows"

	"github.com/tidemill-go/tidemill/eventloop"
)

// footprint is what a process has.
type footprint struct {
	Handles    int // of whatever kind
	Files      int // of them: files, sockets and pipes
	Ports      int
	Goroutines int
}

// measure counts handles one by one: GetProcessHandleCount, which is asked too,
// says zero under Wine. What is left of a crowd has high numbers, so that all of
// those are looked at that it had.
func measure() (f footprint, err error) {
	const highest = 1 << 16
	kernel := windows.NewLazySystemDLL("kernel32.dll")
	var said, flags uint32
	if ok, _, err := kernel.NewProc("GetProcessHandleCount").Call(uintptr(windows.CurrentProcess()), uintptr(unsafe.Pointer(&said))); ok == 0 {
		return f, err
	}
	exists := kernel.NewProc("GetHandleInformation")
	for h := 4; h < highest; h += 4 {
		if is, _, _ := exists.Call(uintptr(h), uintptr(unsafe.Pointer(&flags))); is == 0 {
			continue
		}
		f.Handles++
		switch handleKind(h) {
		case "File":
			f.Files++
		case "IoCompletion":
			f.Ports++
		}
	}
	f.Handles, f.Goroutines = max(f.Handles, int(said)), runtime.NumGoroutine()
	return f, nil
}

// handleKind is the kernel's name for what is behind a handle.
func handleKind(h int) string {
	const objectTypeInformation = 2
	var answer struct {
		name windows.NTUnicodeString
		rest [1024]byte
	}
	query := windows.NewLazySystemDLL("ntdll.dll").NewProc("NtQueryObject")
	status, _, _ := query.Call(uintptr(h), objectTypeInformation, uintptr(unsafe.Pointer(&answer)), unsafe.Sizeof(answer), 0)
	if status != 0 {
		return ""
	}
	return answer.name.String()
}

// stormConnections is how many there are in the big round.
const stormConnections = 2000

// stormOfEnds is a helper program: rounds of connections on one iocp loop each,
// every other one of which is closed with all of them. It prints what the process
// had after the small rounds and after the big one.
func stormOfEnds(string) error {
	// The runtime makes its own port at first use, and keeps it.
	own, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if err := own.Close(); err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(1, 2))
	var found []footprint
	for round, connections := range []int{100, 100, stormConnections, 200} {
		l, err := eventloop.NewProactorLoop(&eventloop.ProactorConfig{Proactor: "iocp"})
		if err != nil {
			return err
		}
		if err := stormUntilClosed(l, random, connections, round%2 == 1); err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
		if round%2 == 0 {
			continue
		}
		f, err := settled()
		if err != nil {
			return err
		}
		found = append(found, f)
	}
	return json.NewEncoder(os.Stdout).Encode(found)
}

// settled gives goroutines that are about to end their time.
func settled() (f footprint, err error) {
	for limit := time.Now().Add(patient); runtime.NumGoroutine() > 1 && time.Now().Before(limit); {
		runtime.Gosched()
	}
	return measure()
}

var _ = Describe("On iocp", Label("stress"), func() {
	It("leaves no handle of 2,000 connections that end in all sorts of states", func(ctx SpecContext) {
		guard()
		out, _ := helper(ctx, "ends:iocp")
		var f [2]footprint
		Expect(json.Unmarshal([]byte(out), &f)).To(Succeed(), out)
		warm, end := f[0], f[1]
		Expect(end.Files).To(BeNumerically("<=", warm.Files), "files, sockets and pipes: %s", out)
		Expect(end.Ports).To(BeNumerically("<=", warm.Ports), "completion ports: %s", out)
		Expect(end.Goroutines).To(BeNumerically("<=", warm.Goroutines))
		Expect(end.Handles).To(BeNumerically("<=", warm.Handles+16), "the runtime keeps idle threads, each with a few handles")
		Expect(warm.Handles).To(BeNumerically(">", 5), "they are counted")
		_, _ = fmt.Fprintf(GinkgoWriter, "before: %+v, after: %+v\n", warm, end)
	}, SpecTimeout(3*time.Minute))
})
