//go:build unix

package signals_test

import (
	"os"
	"sync"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gleak"

	"github.com/tidemill-go/tidemill/signals"
)

const (
	bounded = SpecTimeout(20 * time.Second)
	patient = 5 * time.Second

	// tick is how long a spec watches that nothing happens.
	tick = 20 * time.Millisecond
)

// lastStandard is the last signal that every system of this kind has.
const lastStandard = syscall.Signal(31)

// Signals that nobody else uses here. SIGUSR1 is Ginkgo's.
const (
	first  = syscall.SIGUSR2
	second = syscall.SIGIO
)

// raise sends a signal to the process itself.
func raise(sig syscall.Signal) {
	GinkgoHelper()
	Expect(syscall.Kill(os.Getpid(), sig)).To(Succeed())
}

// queue is a loop that runs when the spec says so.
type queue struct {
	mu      sync.Mutex
	calls   []func()
	refusal error
}

func (q *queue) post(fn func()) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.refusal == nil {
		q.calls = append(q.calls, fn)
	}
	return q.refusal
}

func (q *queue) waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.calls)
}

// run runs what is queued.
func (q *queue) run() {
	q.mu.Lock()
	calls := q.calls
	q.calls = nil
	q.mu.Unlock()
	for _, fn := range calls {
		fn()
	}
}

// arrives waits until there is a call, and runs it.
func (q *queue) arrives() {
	GinkgoHelper()
	Eventually(q.waiting).WithTimeout(patient).WithPolling(time.Millisecond).Should(BeNumerically(">=", 1))
	q.run()
}

func newHandlers() (*signals.Handlers, *queue) {
	q := &queue{}
	h := signals.New(q.post)
	DeferCleanup(h.Close)
	return h, q
}

// noGoroutines fails the spec if it leaves a goroutine behind.
func noGoroutines() {
	GinkgoHelper()
	running := gleak.Goroutines()
	DeferCleanup(func() {
		Eventually(gleak.Goroutines).WithTimeout(patient).ShouldNot(gleak.HaveLeaked(running))
	})
}
