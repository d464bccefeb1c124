package eventloop_test

import (
	"fmt"
	"os"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/subprocess"
)

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

var _ = Describe("a loop's children, with the default watcher of Linux", func() {
	for _, kind := range kinds() {
		It("cost no thread each on "+kind, func(ctx SpecContext) { // L35
			if err := platform.PidFD(); err != nil {
				Expect(watcherOf().Name()).To(Equal("goroutine"))
				return
			}
			w := newRealWorld(kind)
			w.background()
			newProtocol := func() protocols.SubprocessProtocol { return protocols.SubprocessBase{} }
			c, err := w.SubprocessExec(newProtocol, subprocess.Spec{Path: "cat"}).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			w.on(ctx, func() {})
			Consistently(waitingThreads).WithTimeout(tick).Should(BeZero())
			w.on(ctx, func() { _ = c.Transport.PipeTransport(0).Close() })
			Expect(c.Transport.Wait(ctx)).To(BeZero())
		}, bounded)
	}
})
