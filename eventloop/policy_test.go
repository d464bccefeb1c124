package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/platform"
)

// usePolicy sets a policy for one spec.
func usePolicy(p eventloop.Policy) {
	eventloop.SetPolicy(p)
	DeferCleanup(func() { eventloop.SetPolicy(nil) })
}

// elsewhere runs fn on a goroutine of its own and waits for it.
func elsewhere(fn func()) {
	var done sync.WaitGroup
	done.Go(fn)
	done.Wait()
}

// stubborn is a policy that always has the same loop, or asks its base.
type stubborn struct {
	eventloop.DefaultPolicy
	loop *eventloop.Loop
	gets int
}

func (p *stubborn) Get() (*eventloop.Loop, error) {
	p.gets++
	if p.loop == nil {
		return p.DefaultPolicy.Get()
	}
	return p.loop, nil
}

var _ = Describe("the policy", func() {
	var w, other *world
	BeforeEach(func() {
		usePolicy(nil)
		w, other = newWorld(""), newWorld("")
	})

	It("is one object for all goroutines, made on first use", func() { // B10
		answers := make(chan eventloop.Policy, 20)
		var all sync.WaitGroup
		for range cap(answers) {
			all.Go(func() { answers <- eventloop.CurrentPolicy() })
		}
		all.Wait()
		first := <-answers
		Expect(first).NotTo(BeNil())
		for range cap(answers) - 1 {
			Expect(<-answers).To(BeIdenticalTo(first))
		}
	})

	It("has what Set gave the goroutine", func() { // B2 B6 B9
		eventloop.Set(w.Loop)
		Expect(eventloop.Get()).To(BeIdenticalTo(w.Loop))
		Expect(eventloop.CurrentPolicy().Get()).To(BeIdenticalTo(w.Loop))
		eventloop.Set(other.Loop)
		Expect(eventloop.Get()).To(BeIdenticalTo(other.Loop))
	})

	It("keeps goroutines apart", func() { // B6
		eventloop.Set(w.Loop)
		var before, after *eventloop.Loop
		var err error
		elsewhere(func() {
			before, err = eventloop.Get()
			eventloop.Set(other.Loop)
			after, _ = eventloop.Get()
		})
		Expect(before).To(BeNil())
		Expect(err).To(MatchError(eventloop.ErrNoEventLoop))
		Expect(after).To(BeIdenticalTo(other.Loop))
		Expect(eventloop.Get()).To(BeIdenticalTo(w.Loop))
	})

	It("has nothing for a goroutine that never Set, and names it", func() { // B4
		l, err := eventloop.Get()
		Expect(l).To(BeNil())
		Expect(err).To(MatchError(eventloop.ErrNoEventLoop))
		Expect(err).To(MatchError(MatchRegexp(`goroutine \d+`)))
	})

	It("has nothing after Set of nil", func() { // B5
		eventloop.Set(w.Loop)
		eventloop.Set(nil)
		_, err := eventloop.Get()
		Expect(err).To(MatchError(eventloop.ErrNoEventLoop))
	})

	It("forgets a loop that is closed, whoever closes it", func() {
		eventloop.Set(w.Loop)
		elsewhere(func() { eventloop.Set(w.Loop); _ = w.Close() })
		_, err := eventloop.Get()
		Expect(err).To(MatchError(eventloop.ErrNoEventLoop))
		eventloop.Set(w.Loop)
		_, err = eventloop.Get()
		Expect(err).To(MatchError(eventloop.ErrNoEventLoop))
	})

	It("keeps the newer loop when the one that was Set before is closed", func() {
		eventloop.Set(w.Loop)
		eventloop.Set(other.Loop)
		Expect(w.Close()).To(Succeed())
		Expect(eventloop.Get()).To(BeIdenticalTo(other.Loop))
	})

	It("makes fresh loops that are not Set", func() { // B8 B9
		first, err := eventloop.New()
		Expect(err).NotTo(HaveOccurred())
		second, err := eventloop.New()
		Expect(err).NotTo(HaveOccurred())
		Expect(first).NotTo(BeIdenticalTo(second))
		Expect(first.IsRunning() || first.IsClosed()).To(BeFalse())
		Expect(first.Kind()).To(Equal(platform.For(platform.Target{}).Target().Loop)) // B15 B16
		_, err = eventloop.Get()
		Expect(err).To(MatchError(eventloop.ErrNoEventLoop))
		Expect(errors.Join(first.Close(), second.Close())).To(Succeed())
	})

	It("is asked by Get only when no loop runs the caller", func() { // B1
		p := &stubborn{loop: other.Loop}
		usePolicy(p)
		eventloop.Set(other.Loop)
		var inCallback, inTask *eventloop.Loop
		w.CallSoon(func() { inCallback, _ = eventloop.Get() })
		task := eventloop.CreateTask(w.Loop, func(ctx context.Context) (int, error) {
			err := eventloop.Sleep(ctx, 0)
			inTask, _ = eventloop.Get()
			return 0, err
		})
		_, err := eventloop.RunUntilComplete(w.Loop, task)
		Expect(err).NotTo(HaveOccurred())
		Expect(inCallback).To(BeIdenticalTo(w.Loop))
		Expect(inTask).To(BeIdenticalTo(w.Loop))
		Expect(p.gets).To(BeZero())
		Expect(eventloop.Get()).To(BeIdenticalTo(other.Loop))
		Expect(p.gets).To(Equal(1))
	})

	It("has the running loop for its own callers too", func() { // B1
		var inside *eventloop.Loop
		w.CallSoon(func() { inside, _ = eventloop.CurrentPolicy().Get() })
		w.once()
		Expect(inside).To(BeIdenticalTo(w.Loop))
	})

	When("a program brings its own", func() {
		It("is asked instead, on every goroutine, and may ask the default one", func() { // B11 B13
			p := &stubborn{loop: w.Loop}
			usePolicy(p)
			Expect(eventloop.CurrentPolicy()).To(BeIdenticalTo(p))
			var got *eventloop.Loop
			elsewhere(func() { got, _ = eventloop.Get() })
			Expect(got).To(BeIdenticalTo(w.Loop))
			p.loop = nil
			_, err := eventloop.Get()
			Expect(err).To(MatchError(eventloop.ErrNoEventLoop))
			eventloop.Set(other.Loop)
			Expect(eventloop.Get()).To(BeIdenticalTo(other.Loop))
		})

		It("makes loops by its Factory", func() {
			made := 0
			usePolicy(&eventloop.DefaultPolicy{Factory: func() (*eventloop.Loop, error) {
				made++
				return eventloop.NewSelectorLoop(&eventloop.SelectorConfig{Selector: "select"})
			}})
			l, err := eventloop.New()
			Expect(err).NotTo(HaveOccurred())
			Expect(l.Kind()).To(Equal("select")) // nobody's default
			Expect(made).To(Equal(1))
			Expect(l.Close()).To(Succeed())
		})

		It("passes on the error of its Factory", func() {
			usePolicy(&eventloop.DefaultPolicy{Factory: func() (*eventloop.Loop, error) { return nil, errSpec }})
			_, err := eventloop.New()
			Expect(err).To(MatchError(errSpec))
			main := func(context.Context, *eventloop.Loop) error { return nil }
			Expect(eventloop.Run(context.Background(), main)).To(MatchError(errSpec))
		})

		It("is replaced by a fresh default, which knows nothing, by nil", func() { // B12
			eventloop.Set(w.Loop)
			old := eventloop.CurrentPolicy()
			eventloop.SetPolicy(nil)
			Expect(eventloop.CurrentPolicy()).NotTo(BeIdenticalTo(old))
			_, err := eventloop.Get()
			Expect(err).To(MatchError(eventloop.ErrNoEventLoop))
		})
	})

	It("makes a loop for the main goroutine when that asks, but not after Set of nil", func(ctx SpecContext) { // B3 B5
		stdout, _ := helper(ctx, "policy")
		Expect(strings.Fields(stdout)).To(Equal([]string{
			"made", "same", "kept-by-closing-another", "made-anew-after-close", "none-after-nil", "set-again",
		}))
	}, bounded)
})

// policyOfMain is a helper program; it runs on the main goroutine.
func policyOfMain() error {
	say := func(what string, ok bool, err error) {
		if err == nil && ok {
			fmt.Println(what)
		} else {
			fmt.Println("not", what, err)
		}
	}
	first, err := eventloop.Get()
	say("made", first != nil, err)
	again, err := eventloop.Get()
	say("same", again == first, err)
	spare, err := eventloop.New()
	if err != nil {
		return err
	}
	err = spare.Close()
	again, _ = eventloop.Get()
	say("kept-by-closing-another", again == first, err)
	err = first.Close()
	second, _ := eventloop.Get()
	say("made-anew-after-close", second != first && !second.IsClosed(), err)
	eventloop.Set(nil)
	_, err = eventloop.Get()
	say("none-after-nil", errors.Is(err, eventloop.ErrNoEventLoop), nil)
	eventloop.Set(second)
	again, err = eventloop.Get()
	say("set-again", again == second, err)
	return second.Close()
}
