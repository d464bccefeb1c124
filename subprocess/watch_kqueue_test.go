//go:build unix

package subprocess_test

import (
	"errors"
	"sync"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/subprocess"
)

// scriptedQueue is a kernel's half that does what the spec says.
type scriptedQueue struct {
	mu      sync.Mutex
	refuse  error
	added   []int
	opened  int
	closed  int
	events  chan []int
	failure chan error
}

func newScriptedQueue() *scriptedQueue {
	return &scriptedQueue{events: make(chan []int), failure: make(chan error)}
}

func (q *scriptedQueue) open() (subprocess.Queue, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.opened++
	return subprocess.Queue{Add: q.add, Wait: q.wait, Close: q.close}, nil
}

func (q *scriptedQueue) add(pid int) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.refuse == nil {
		q.added = append(q.added, pid)
	}
	return q.refuse
}

func (q *scriptedQueue) wait() ([]int, error) {
	select {
	case pids := <-q.events:
		return pids, nil
	case err := <-q.failure:
		return nil, err
	}
}

func (q *scriptedQueue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed++
}

// counts are the numbers of openings and closings.
func (q *scriptedQueue) counts() []int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return []int{q.opened, q.closed}
}

var _ = Describe("KqueueWatcher", func() {
	var (
		l   *runningLoop
		q   *scriptedQueue
		w   *subprocess.KqueueWatcher
		got exits
	)
	BeforeEach(func() {
		noTraces()
		l, got, q = newRunningLoop(""), newExits(), newScriptedQueue()
		w = subprocess.NewKqueueWatcherOver(q.open)
		newLog(w)
	})

	It("has one queue for all children, and none when there are none", func(ctx SpecContext) {
		a, b := startExit(1), startExit(2)
		add(ctx, w, l, a, got.by("a", l))
		add(ctx, w, l, b, got.by("b", l))
		Expect(q.counts()).To(Equal([]int{1, 0}))
		q.events <- []int{b.Pid}
		Eventually(ctx, got).Should(Receive(HaveValue(Equal(exit{"b", b.Pid, 2, true}))))
		Expect(q.counts()).To(Equal([]int{1, 0}))
		q.events <- []int{a.Pid}
		Eventually(ctx, got).Should(Receive(Equal(exit{"a", a.Pid, 1, true})))
		Expect(q.counts()).To(Equal([]int{1, 1}))
		c := startExit(3)
		add(ctx, w, l, c, got.by("c", l))
		q.events <- []int{c.Pid}
		Eventually(ctx, got).Should(Receive(Equal(exit{"c", c.Pid, 3, true})))
		Expect(q.counts()).To(Equal([]int{2, 2}))
	}, watched)

	It("does not register a child that is added again", func(ctx SpecContext) {
		p := startGated(1)
		add(ctx, w, l, p.Process, got.by("a", l))
		add(ctx, w, l, p.Process, got.by("b", l))
		Expect(q.added).To(Equal([]int{p.pid}))
		p.open()
		q.events <- []int{p.pid}
		Eventually(ctx, got).Should(Receive(Equal(exit{"b", p.pid, 1, true})))
	}, watched)

	It("waits at once for a child that can not be registered", func(ctx SpecContext) {
		q.refuse = syscall.ESRCH
		p := startGated(4)
		add(ctx, w, l, p.Process, got.by("a", l))
		Expect(q.counts()).To(Equal([]int{1, 1}))
		p.open()
		Eventually(ctx, got).Should(Receive(Equal(exit{"a", p.pid, 4, true})))
	}, watched)

	It("waits in a goroutine when no queue can be opened", func(ctx SpecContext) {
		w = subprocess.NewKqueueWatcherOver(func() (subprocess.Queue, error) { return subprocess.Queue{}, syscall.EMFILE })
		p := startGated(4)
		add(ctx, w, l, p.Process, got.by("a", l))
		p.open()
		Eventually(ctx, got).Should(Receive(Equal(exit{"a", p.pid, 4, true})))
	}, watched)

	It("waits for all children in goroutines when the queue fails", func(ctx SpecContext) {
		a, b := startGated(1), startGated(2)
		add(ctx, w, l, a.Process, got.by("a", l))
		add(ctx, w, l, b.Process, got.by("b", l))
		q.failure <- syscall.EBADF
		Eventually(ctx, q.counts).Should(Equal([]int{1, 1}))
		a.open()
		Eventually(ctx, got).Should(Receive(Equal(exit{"a", a.pid, 1, true})))
		b.open()
		Eventually(ctx, got).Should(Receive(Equal(exit{"b", b.pid, 2, true})))
	}, watched)

	It("takes no notice of processes that it does not know", func(ctx SpecContext) {
		p := startGated(1)
		add(ctx, w, l, p.Process, got.by("a", l))
		q.events <- []int{1, p.pid + 1}
		Expect(q.counts()).To(Equal([]int{1, 0}))
		p.open()
		q.events <- []int{p.pid}
		Eventually(ctx, got).Should(Receive())
	}, watched)

	It("is refused where there is no kqueue", func() {
		w, err := subprocess.NewKqueueWatcher()
		if refusal := platform.For(platform.Target{}).Check(platform.ChildWatcherKqueue); refusal != nil {
			Expect(w).To(BeNil())
			Expect(err).To(Equal(refusal))
			Expect(errors.Is(err, errors.ErrUnsupported)).To(BeTrue())
			return
		}
		Expect(err).NotTo(HaveOccurred())
	})
})
