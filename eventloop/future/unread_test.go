package future_test

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

const unreadMessage = "a task's error was never read"

var _ = Describe("a task's error that nobody reads", func() {
	var l *loop

	BeforeEach(func() {
		noLeaks()
		l = new(world).newLoop()
	})

	fail := func(err error) *future.Task[int] {
		return future.Create(l, func(context.Context) (int, error) { return 0, err })
	}

	It("is reported once, with its task, when the loop is closed", func() {
		t := fail(errBroken)
		l.idle()
		Expect(l.taken()).To(BeEmpty())
		l.close()
		Expect(l.taken()).To(Equal([]report{{unreadMessage, errBroken, t}}))
		runtime.KeepAlive(t)
	})

	It("is reported in the order of the failures", func() {
		var want []error
		var tasks []future.AnyTask
		for _, text := range []string{"a", "b", "c", "d"} {
			err := errors.New(text)
			want = append(want, err)
			tasks = append(tasks, fail(err))
		}
		l.idle()
		l.close()
		var order []error
		for _, r := range l.taken() {
			order = append(order, r.err)
		}
		Expect(order).To(Equal(want))
		runtime.KeepAlive(tasks)
	})

	It("is reported under the task's name when the task has been collected", func() {
		func() {
			t := fail(errBroken)
			t.SetName("forgotten")
		}()
		l.idle()
		Eventually(func() []report {
			runtime.GC()
			l.idle()
			return l.taken()
		}).WithTimeout(patient).Should(Equal([]report{{unreadMessage, errBroken, "forgotten"}}))
		l.close()
		Expect(l.taken()).To(BeEmpty())
	})

	It("is reported at Close if the loop never got to it after the collection", func() {
		var collected atomic.Bool
		func() {
			t := fail(errBroken)
			l.idle()
			runtime.AddCleanup(t, func(c *atomic.Bool) { c.Store(true) }, &collected)
		}()
		Eventually(func() bool {
			runtime.GC()
			return collected.Load()
		}).WithTimeout(patient).Should(BeTrue())
		l.close()
		Expect(l.taken()).To(Equal([]report{{unreadMessage, errBroken, "task-1"}}))
	})

	It("is a panic's too", func() {
		t := future.Create(l, func(context.Context) (int, error) { panic("oops") })
		l.idle()
		l.close()
		reports := l.taken()
		Expect(reports).To(HaveLen(1))
		Expect(reports[0].err).To(MatchError("panic: oops"))
		runtime.KeepAlive(t)
	})

	DescribeTable("is not reported once it was read",
		func(read func(t *future.Task[int])) {
			t := fail(errBroken)
			read(t)
			l.idle()
			Expect(l.tasks.Unread()).To(BeZero())
			l.close()
			Expect(l.taken()).To(BeEmpty())
		},
		Entry("by Result", func(t *future.Task[int]) {
			l.idle()
			t.Result()
		}),
		Entry("by Err", func(t *future.Task[int]) {
			l.idle()
			_ = t.Err()
		}),
		Entry("by Await", func(t *future.Task[int]) {
			l.idle()
			t.Await(soon())
		}),
		Entry("by a task that awaits it", func(t *future.Task[int]) {
			future.Create(l, func(ctx context.Context) (int, error) {
				t.Await(ctx)
				return 0, nil
			})
		}),
		Entry("by a done callback", func(t *future.Task[int]) {
			t.AddDoneCallback(func(t *future.Task[int]) { t.Result() })
		}),
	)

	It("is still unread after Done, Cancelled, String and a callback that does not look", func() {
		t := fail(errBroken)
		t.WhenDone(func() {})
		l.idle()
		Expect(t.Done()).To(BeTrue())
		Expect(t.Cancelled()).To(BeFalse())
		Expect(t.String()).To(ContainSubstring("failed"))
		Expect(l.tasks.Unread()).To(Equal(1))
		Expect(t.Err()).To(BeIdenticalTo(errBroken))
	})

	DescribeTable("is nothing to report",
		func(err error) {
			t := fail(err)
			l.idle()
			l.close()
			Expect(l.taken()).To(BeEmpty())
			runtime.KeepAlive(t)
		},
		Entry("if it is success", nil),
		Entry("if it is cancellation", future.ErrCancelled),
		Entry("if it is a closed loop", errors.Join(errBroken, future.ErrLoopClosed)),
	)
})
