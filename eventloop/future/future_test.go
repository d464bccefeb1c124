package future_test

import (
	"context"
	"errors"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

var errBroken = errors.New("broken")

var _ = Describe("a future", func() {
	var l *loop
	var f *future.Future[int]

	BeforeEach(func() {
		noLeaks()
		l = new(world).newLoop()
		f = future.New[int](l)
	})

	It("knows its loop", func() {
		Expect(f.Scheduler()).To(BeIdenticalTo(l))
	})

	When("it is pending", func() {
		It("is neither done nor cancelled and has no result", func() {
			Expect(f.Done()).To(BeFalse())
			Expect(f.Cancelled()).To(BeFalse())
			Expect(got(f.Result())).To(Equal(outcome[int]{0, future.ErrInvalidState}))
			Expect(f.Err()).To(MatchError(future.ErrInvalidState))
		})
	})

	When("it was given a result", func() {
		BeforeEach(func() { Expect(f.SetResult(7)).To(BeTrue()) })

		It("is done and returns it, as often as asked", func() {
			Expect(f.Done()).To(BeTrue())
			Expect(f.Cancelled()).To(BeFalse())
			Expect(f.Err()).NotTo(HaveOccurred())
			for range 2 {
				Expect(f.Result()).To(Equal(7))
			}
		})

		It("refuses another result, an error and a cancellation", func() {
			Expect(f.SetResult(8)).To(BeFalse())
			Expect(f.SetError(errBroken)).To(BeFalse())
			Expect(f.Cancel()).To(BeFalse())
			Expect(f.Result()).To(Equal(7))
		})
	})

	When("it was given an error", func() {
		It("returns the error and the zero value", func() {
			Expect(f.SetError(errBroken)).To(BeTrue())
			Expect(got(f.Result())).To(Equal(outcome[int]{0, errBroken}))
			Expect(f.Err()).To(BeIdenticalTo(errBroken))
			Expect(f.Cancelled()).To(BeFalse())
			Expect(f.SetResult(8)).To(BeFalse())
		})

		It("panics if the error is nil", func() {
			Expect(func() { f.SetError(nil) }).To(PanicWith(ContainSubstring("needs an error")))
			Expect(f.Done()).To(BeFalse())
		})
	})

	When("it was cancelled", func() {
		It("ends with ErrCancelled, which is context.Canceled too", func() {
			Expect(f.Cancel()).To(BeTrue())
			Expect(f.Done()).To(BeTrue())
			Expect(f.Cancelled()).To(BeTrue())
			Expect(got(f.Result())).To(Equal(outcome[int]{0, future.ErrCancelled}))
			Expect(f.Err()).To(MatchError(context.Canceled))
			Expect(errors.Is(context.Canceled, future.ErrCancelled)).To(BeFalse())
		})

		It("refuses a result that comes too late", func() {
			f.Cancel()
			Expect(f.SetResult(8)).To(BeFalse())
			Expect(f.SetError(errBroken)).To(BeFalse())
			Expect(f.Cancel()).To(BeFalse())
			Expect(f.Err()).To(BeIdenticalTo(future.ErrCancelled))
		})
	})

	It("is made done by Resolved and Failed", func() {
		Expect(future.Resolved(l, "x").Result()).To(Equal("x"))
		Expect(future.Failed[string](l, errBroken).Err()).To(BeIdenticalTo(errBroken))
		Expect(func() { future.Failed[string](l, nil) }).To(Panic())
	})

	Describe("Settle", func() {
		It("has the loop set the result", func() {
			Expect(f.Settle(7, nil)).To(Succeed())
			Expect(f.Done()).To(BeFalse())
			l.idle()
			Expect(f.Result()).To(Equal(7))
		})

		It("has the loop set the error", func() {
			Expect(f.Settle(7, errBroken)).To(Succeed())
			l.idle()
			Expect(got(f.Result())).To(Equal(outcome[int]{0, errBroken}))
		})

		It("comes too late for a cancelled future, in silence", func() {
			Expect(f.Settle(7, nil)).To(Succeed())
			f.Cancel()
			l.idle()
			Expect(f.Cancelled()).To(BeTrue())
		})

		It("returns the error of a closed loop", func() {
			l.close()
			Expect(f.Settle(7, nil)).To(MatchError(future.ErrLoopClosed))
		})
	})

	Describe("OnCancel", func() {
		var calls int
		var doneInside bool

		BeforeEach(func() {
			calls, doneInside = 0, false
			f.OnCancel(func() {
				calls++
				doneInside = f.Cancelled()
			})
		})

		It("is called once, inside the Cancel that succeeds, when the future is done", func() {
			f.Cancel()
			Expect(calls).To(Equal(1))
			Expect(doneInside).To(BeTrue())
			f.Cancel()
			Expect(calls).To(Equal(1))
		})

		It("is not called after a result or an error", func() {
			f.SetResult(1)
			f.Cancel()
			Expect(calls).To(BeZero())
		})

		It("is taken back by nil and replaced by another", func() {
			f.OnCancel(nil)
			f.Cancel()
			Expect(calls).To(BeZero())

			other := future.New[int](l)
			var second bool
			other.OnCancel(func() { calls++ })
			other.OnCancel(func() { second = true })
			other.Cancel()
			Expect(calls).To(BeZero())
			Expect(second).To(BeTrue())
		})

		It("is called at once for a future that was cancelled before", func() {
			f.Cancel()
			var late bool
			f.OnCancel(func() { late = true })
			Expect(late).To(BeTrue())
		})

		It("is dropped for a future that is done", func() {
			f.SetResult(1)
			var late bool
			f.OnCancel(func() { late = true })
			Expect(late).To(BeFalse())
		})
	})
})

var _ = Describe("a done callback", func() {
	var l *loop
	var f *future.Future[int]
	var ran []string

	note := func(name string) func(*future.Future[int]) {
		return func(*future.Future[int]) { ran = append(ran, name) }
	}

	BeforeEach(func() {
		noLeaks()
		l = new(world).newLoop()
		f = future.New[int](l)
		ran = nil
	})

	It("is called by the loop with the future, never inside SetResult", func() {
		var with *future.Future[int]
		f.AddDoneCallback(func(f *future.Future[int]) { with = f })
		f.SetResult(1)
		Expect(with).To(BeNil())
		l.idle()
		Expect(with).To(BeIdenticalTo(f))
	})

	It("is called by the loop, never inside AddDoneCallback, when the future is done already", func() {
		f.Cancel()
		f.AddDoneCallback(note("a"))
		Expect(ran).To(BeEmpty())
		l.idle()
		Expect(ran).To(Equal([]string{"a"}))
	})

	It("is called in the order of registration, before or after the result", func() {
		f.AddDoneCallback(note("a"))
		f.WhenDone(func() { ran = append(ran, "b") })
		f.AddDoneCallback(note("c"))
		f.SetError(errBroken)
		f.AddDoneCallback(note("d"))
		l.idle()
		Expect(ran).To(Equal([]string{"a", "b", "c", "d"}))
	})

	It("is called once for each time it was added", func() {
		again := note("a")
		f.AddDoneCallback(again)
		f.AddDoneCallback(again)
		f.SetResult(1)
		l.idle()
		Expect(ran).To(Equal([]string{"a", "a"}))
	})

	It("leaves the loop's exception handling to deal with its panic", func() {
		f.AddDoneCallback(func(*future.Future[int]) { panic(errBroken) })
		f.AddDoneCallback(note("b"))
		f.SetResult(1)
		l.idle()
		Expect(ran).To(Equal([]string{"b"}))
		reports := l.taken()
		Expect(reports).To(HaveLen(1))
		Expect(reports[0].err).To(MatchError(errBroken))
	})

	It("panics if there is no function", func() {
		Expect(func() { f.AddDoneCallback(nil) }).To(PanicWith(ContainSubstring("needs a function")))
		Expect(func() { f.WhenDone(nil) }).To(PanicWith(ContainSubstring("needs a function")))
	})

	When("it is removed", func() {
		It("is not called, and the others are", func() {
			f.AddDoneCallback(note("a"))
			removeB := f.AddDoneCallback(note("b"))
			f.AddDoneCallback(note("c"))
			Expect(removeB()).To(BeTrue())
			Expect(removeB()).To(BeFalse())
			Expect(f.Waiters()).To(Equal(2))
			f.SetResult(1)
			l.idle()
			Expect(ran).To(Equal([]string{"a", "c"}))
		})

		It("is not called even if it is queued already", func() {
			remove := f.AddDoneCallback(note("a"))
			f.SetResult(1)
			Expect(remove()).To(BeTrue())
			l.idle()
			Expect(ran).To(BeEmpty())
		})

		It("says so when it is too late", func() {
			remove := f.AddDoneCallback(note("a"))
			f.SetResult(1)
			l.idle()
			Expect(remove()).To(BeFalse())
		})
	})

	When("the loop is closed", func() {
		It("is never called", func() {
			f.AddDoneCallback(note("a"))
			l.close()
			f.SetResult(1)
			f.AddDoneCallback(note("b"))
			l.idle()
			Expect(ran).To(BeEmpty())
		})
	})
})

var _ = Describe("a PanicError", func() {
	It("names the value, carries the stack and unwraps to an error", func() {
		err := future.NewPanicError(errBroken)
		Expect(err).To(MatchError("panic: broken"))
		Expect(errors.Is(err, errBroken)).To(BeTrue())
		Expect(string(err.Stack)).To(ContainSubstring("future_test.go"))
	})

	It("unwraps to nothing if the value is no error", func() {
		err := future.NewPanicError("oops")
		Expect(err).To(MatchError("panic: oops"))
		Expect(errors.Unwrap(err)).NotTo(HaveOccurred())
	})
})
