package eventloop_test

import (
	"context"
	"runtime"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
)

func goexitSpecs(kind string) {
	Describe("runtime.Goexit", func() {
		It("in a callback ends the run with ErrGoexit and keeps the rest of the batch", func() { // A53
			w, t := newWorld(kind), &trace{}
			w.CallSoon(t.adds("before"))
			w.CallSoon(runtime.Goexit)
			w.CallSoon(t.adds("rest"))
			Expect(w.RunForever()).To(MatchError(eventloop.ErrGoexit))
			Expect(t.take()).To(Equal([]string{"before"}))
			Expect(w.IsRunning()).To(BeFalse())
			_, err := eventloop.Running()
			Expect(err).To(MatchError(eventloop.ErrNoRunningLoop))
			w.CallSoon(t.adds("new"))
			w.once()
			Expect(t.take()).To(Equal([]string{"rest", "new"}))
		})

		It("in a timer and in a reader does the same", func() {
			w, t := newWorld(kind), &trace{}
			r, _ := readablePipe("x")
			forget, watches := w.watch(r, runtime.Goexit)
			w.CallLater(0, t.adds("timer"))
			if watches {
				Expect(w.RunForever()).To(MatchError(eventloop.ErrGoexit))
			}
			forget()
			w.CallLater(0, runtime.Goexit)
			Expect(w.RunForever()).To(MatchError(eventloop.ErrGoexit))
			Expect(t.take()).To(Equal([]string{"timer"}))
			w.once()
		})

		It("in a task ends the run and the task", func() { // A53
			w, t := newWorld(kind), &trace{}
			task := eventloop.CreateTask(w.Loop, func(ctx context.Context) (int, error) {
				if err := eventloop.Sleep(ctx, 0); err != nil {
					return 0, err
				}
				runtime.Goexit()
				return 1, nil
			})
			_, err := eventloop.RunUntilComplete(w.Loop, task)
			Expect(err).To(MatchError(eventloop.ErrGoexit))
			Expect(task.Done()).To(BeTrue())
			Expect(task.Err()).To(MatchError(eventloop.ErrGoexit))
			Expect(w.AllTasks()).To(BeEmpty())
			w.CallSoon(t.adds("usable"))
			w.once()
			Expect(t.take()).To(Equal([]string{"usable"}))
		})

		It("in a function of Do reaches the caller as an error", func(ctx SpecContext) {
			w := newRealWorld(kind)
			over := make(chan error, 1)
			go func() { over <- w.RunForever() }()
			err := w.Do(ctx, func() error { runtime.Goexit(); return nil })
			Expect(err).To(MatchError(eventloop.ErrGoexit))
			Eventually(ctx, over).Should(Receive(MatchError(eventloop.ErrGoexit)))
		}, bounded)
	})
}
