package future_test

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

var _ = Describe("Suspend", func() {
	var l *loop
	var c *future.Coro
	var errs []error

	BeforeEach(func() {
		noLeaks()
		l = new(world).newLoop()
		errs = nil
	})

	// suspended returns a task in Suspend, twice over.
	suspended := func(with func(ctx context.Context) context.Context) *future.Task[int] {
		t := future.Create(l, func(ctx context.Context) (int, error) {
			c = future.FromContext(ctx)
			for range 2 {
				errs = append(errs, c.Suspend(with(ctx)))
			}
			return 0, nil
		})
		l.idle()
		return t
	}
	own := func(ctx context.Context) context.Context { return ctx }

	It("waits for Wake, which resumes the task in a later turn", func() {
		t := suspended(own)
		Expect(errs).To(BeEmpty())
		c.Wake()
		Expect(errs).To(BeEmpty())
		l.idle()
		Expect(errs).To(Equal([]error{nil}))
		c.Wake()
		l.idle()
		Expect(t.Done()).To(BeTrue())
		Expect(errs).To(Equal([]error{nil, nil}))
	})

	It("counts several Wakes of one wait as one", func() {
		t := suspended(own)
		c.Wake()
		c.Wake()
		l.idle()
		Expect(errs).To(HaveLen(1))
		Expect(t.Done()).To(BeFalse())
		c.Wake()
		l.idle()
		Expect(t.Done()).To(BeTrue())
		c.Wake()
		Expect(l.turn()).To(BeZero())
	})

	It("is woken by Waker's function, which costs no allocation when asked for again", func() {
		t := suspended(own)
		c.Waker()
		Expect(testing.AllocsPerRun(100, func() { c.Waker() })).To(BeZero())
		c.Waker()()
		l.idle()
		c.Waker()()
		l.idle()
		Expect(t.Done()).To(BeTrue())
	})

	It("ends with ErrCancelled when the task is cancelled, and can wait again", func() {
		t := suspended(own)
		t.Cancel()
		l.idle()
		Expect(errs).To(Equal([]error{future.ErrCancelled}))
		Expect(t.Done()).To(BeFalse())
		c.Wake()
		l.idle()
		Expect(errs).To(Equal([]error{future.ErrCancelled, nil}))
	})

	It("ends with ErrCancelled when the task was cancelled before", func() {
		var t *future.Task[int]
		var err error
		t = future.Create(l, func(ctx context.Context) (int, error) {
			t.Cancel()
			err = future.FromContext(ctx).Suspend(ctx)
			return 0, nil
		})
		l.idle()
		Expect(err).To(BeIdenticalTo(future.ErrCancelled))
		Expect(t.Done()).To(BeTrue())
	})

	It("ends with the cause when its context ends", func() {
		ctx, cancel := context.WithCancelCause(context.Background())
		t := suspended(func(context.Context) context.Context { return ctx })
		cancel(errEnough)
		Eventually(func() bool { l.idle(); return t.Done() }).WithTimeout(patient).Should(BeTrue())
		Expect(errs).To(Equal([]error{errEnough, errEnough}))
	})

	It("ends with the time-out of a context derived from the task's", func() {
		t := suspended(func(ctx context.Context) context.Context {
			timed, cancel := context.WithTimeout(ctx, time.Millisecond)
			DeferCleanup(cancel)
			return timed
		})
		Eventually(func() bool { l.idle(); return t.Done() }).WithTimeout(patient).Should(BeTrue())
		Expect(errs).To(HaveEach(context.DeadlineExceeded))
	})

	It("is not ended by a Wake that is meant for it while the task awaits a future", func() {
		f := future.New[int](l)
		var waker func()
		t := future.Create(l, func(ctx context.Context) (int, error) {
			waker = future.FromContext(ctx).Waker()
			return f.Await(ctx)
		})
		l.idle()
		waker()
		l.idle()
		Expect(t.Done()).To(BeFalse())
		f.SetResult(1)
		l.idle()
		Expect(t.Result()).To(Equal(1))
	})

	It("panics if somebody else than the task calls it", func() {
		t := suspended(own)
		Expect(func() { c.Suspend(context.Background()) }).To(PanicWith(ContainSubstring("somebody else")))
		other := future.Create(l, func(ctx context.Context) (int, error) { return 0, c.Suspend(ctx) })
		l.idle()
		Expect(other.Err()).To(MatchError(ContainSubstring("somebody else")))
		for range 2 {
			c.Wake()
			l.idle()
		}
		Expect(t.Done()).To(BeTrue())
	})
})
