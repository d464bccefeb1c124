package eventloop_test

import (
	"context"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
)

// asked is what Running answers.
type asked struct {
	Loop *eventloop.Loop
	Err  error
}

func ask() asked {
	l, err := eventloop.Running()
	return asked{l, err}
}

func runningSpecs(kind string) {
	Describe("Running", func() {
		It("is the loop in callbacks of every kind", func() { // A59
			w := newWorld(kind)
			r, _ := readablePipe("x")
			var answers []asked
			note := func() { answers = append(answers, ask()) }
			w.CallSoon(note)
			w.CallLater(0, note)
			Expect(w.Post(note)).To(Succeed())
			forget, watches := w.watch(r, note)
			f := eventloop.NewFuture[int](w.Loop)
			f.AddDoneCallback(func(*eventloop.Future[int]) { note() })
			f.SetResult(1)
			w.once()
			forget()
			asks := 4
			if watches {
				asks = 5
			}
			Expect(answers).To(HaveLen(asks))
			Expect(answers).To(HaveEach(asked{w.Loop, nil}))
		})

		It("is the loop in tasks, before and after they waited", func() { // A59
			w := newWorld(kind)
			var answers []asked
			task := eventloop.CreateTask(w.Loop, func(ctx context.Context) (int, error) {
				answers = append(answers, ask())
				err := eventloop.Sleep(ctx, 0)
				answers = append(answers, ask())
				return 0, err
			})
			_, err := eventloop.RunUntilComplete(w.Loop, task)
			Expect(err).NotTo(HaveOccurred())
			Expect(answers).To(Equal([]asked{{w.Loop, nil}, {w.Loop, nil}}))
		})

		It("is none elsewhere, also on goroutines that a callback starts", func(ctx SpecContext) { // A59
			w := newWorld(kind)
			Expect(ask().Err).To(MatchError(eventloop.ErrNoRunningLoop))
			elsewhere := make(chan asked, 1)
			w.CallSoon(func() { go func() { elsewhere <- ask() }() })
			w.once()
			Eventually(ctx, elsewhere).Should(Receive(HaveField("Err", MatchError(eventloop.ErrNoRunningLoop))))
			Expect(ask().Err).To(MatchError(eventloop.ErrNoRunningLoop))
		}, bounded)

		It("tells fifty loops on fifty goroutines apart", func(ctx SpecContext) {
			const n = 50
			var worlds []*world
			for range n {
				worlds = append(worlds, newRealWorld(kind))
			}
			wrong := make(chan asked, n)
			var done sync.WaitGroup
			for _, w := range worlds {
				done.Go(func() {
					task := eventloop.CreateTask(w.Loop, func(ctx context.Context) (int, error) {
						for range 100 {
							if a := ask(); a.Loop != w.Loop {
								wrong <- a
								break
							}
							if err := eventloop.Sleep(ctx, 0); err != nil {
								return 0, err
							}
						}
						return 0, nil
					})
					if _, err := eventloop.RunUntilComplete(w.Loop, task); err != nil {
						wrong <- asked{w.Loop, err}
					}
				})
			}
			done.Wait()
			Expect(wrong).To(BeEmpty())
		}, bounded)
	})
}
