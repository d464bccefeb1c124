//go:build unix

package eventloop_test

import (
	"context"
	"os"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
	"github.com/tidemill-go/tidemill/subprocess"
)

// subprocessWatcherSpecs are about watchers that a program has set.
func subprocessWatcherSpecs(kind string) {
	Describe("the end of Run with children", func() {
		It("does not wait for ever for one whose end nobody tells", func(ctx SpecContext) {
			p, log := &recorder.Subprocess{}, &lockedBuffer{}
			watcher := &untold{ChildWatcher: subprocess.NewGoroutineWatcher()}
			began := time.Now()
			err := runsWith(kind, 50*time.Millisecond, log, func(ctx context.Context, l *eventloop.Loop) error {
				if err := eventloop.CurrentPolicy().SetChildWatcher(watcher); err != nil {
					return err
				}
				_, err := l.SubprocessExec(makes(p), cat()).Await(ctx)
				return err
			})
			Expect(err).NotTo(HaveOccurred())
			Expect(time.Since(began)).To(BeNumerically("<", patient))
			Expect(p.Count(recorder.Exited)).To(BeZero())
			Expect(log.String()).To(ContainSubstring("processes=1"))
		}, bounded)
	})

	Describe("a child watcher that", func() {
		policy := func(w subprocess.ChildWatcher) {
			GinkgoHelper()
			eventloop.SetPolicy(nil)
			Expect(eventloop.CurrentPolicy().SetChildWatcher(w)).To(Succeed())
			DeferCleanup(func() { eventloop.SetPolicy(nil) })
		}

		It("is closed starts nothing", func(ctx SpecContext) { // L33
			w := newNursery(kind)
			watcher := subprocess.NewGoroutineWatcher()
			Expect(watcher.Close()).To(Succeed())
			policy(watcher)
			made := 0
			_, err := w.SubprocessExec(func() protocols.SubprocessProtocol { made++; return subprocess.Held() }, cat()).Await(ctx)
			Expect(err).To(MatchError(eventloop.ErrInvalidState))
			Expect(made).To(BeZero())
		}, bounded)

		It("refuses a child that was started has it killed", func(ctx SpecContext) {
			w, p := newNursery(kind), &recorder.Subprocess{}
			policy(&rejecting{subprocess.NewGoroutineWatcher()})
			Expect(w.SubprocessExec(makes(p), cat()).Await(ctx)).Error().To(MatchError(errSpec))
			Eventually(childProcesses).WithTimeout(patient).Should(BeEmpty())
			w.on(ctx, func() {})
			Expect(p.String()).To(BeEmpty())
		}, bounded)
	})
}

// untold reaps and tells nobody.
type untold struct{ subprocess.ChildWatcher }

func (u *untold) AddChildHandler(l subprocess.Loop, p *os.Process, _ func(pid, code int)) error {
	return u.ChildWatcher.AddChildHandler(l, p, func(int, int) {})
}

// rejecting takes no child.
type rejecting struct{ subprocess.ChildWatcher }

func (*rejecting) AddChildHandler(subprocess.Loop, *os.Process, func(pid, code int)) error {
	return errSpec
}
