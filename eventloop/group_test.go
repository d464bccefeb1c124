package eventloop_test

import (
	"context"
	"errors"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
)

func groupSpecs(kind string) {
	type G = *eventloop.TaskGroup

	sleep := func(d time.Duration) func(context.Context) error {
		return func(ctx context.Context) error { return eventloop.Sleep(ctx, d) }
	}

	Describe("RunTaskGroup", func() {
		It("waits for its tasks, which run side by side", func() {
			w := newJumpingWorld(kind)
			start := w.Now()
			sum := 0
			Expect(finish(w, spawn(w, func(ctx context.Context) error {
				return eventloop.RunTaskGroup(ctx, func(ctx context.Context, g G) error {
					for i := range 4 {
						eventloop.GroupTask(g, func(ctx context.Context) (int, error) {
							sum += i
							return i, eventloop.Sleep(ctx, time.Duration(i)*time.Second)
						})
					}
					return nil
				})
			}))).To(Succeed())
			Expect(sum).To(Equal(6))
			Expect(w.Now().Sub(start)).To(BeNumerically("~", 3*time.Second, 10*time.Millisecond))
			Expect(w.AllTasks()).To(BeEmpty())
		})

		It("has one failure end all the others", func() {
			w := newJumpingWorld(kind)
			start := w.Now()
			err := finish(w, spawn(w, func(ctx context.Context) error {
				return eventloop.RunTaskGroup(ctx, func(ctx context.Context, g G) error {
					g.Go(sleep(time.Hour))
					g.Go(func(ctx context.Context) error {
						return errors.Join(errSpec, eventloop.Sleep(ctx, time.Second))
					})
					return eventloop.Sleep(ctx, time.Hour)
				})
			}))
			Expect(err).To(MatchError(errSpec))
			Expect(w.Now().Sub(start)).To(BeNumerically("~", time.Second, 10*time.Millisecond))
			Expect(w.AllTasks()).To(BeEmpty())
		})

		It("ends with Run when its context does", func(ctx SpecContext) {
			guard()
			ctx2, cancel := context.WithCancelCause(ctx)
			ended := 0
			err := eventloop.Run(ctx2, func(ctx context.Context, l *eventloop.Loop) error {
				return eventloop.RunTaskGroup(ctx, func(ctx context.Context, g G) error {
					for range 10 {
						g.Go(func(ctx context.Context) error {
							defer func() { ended++ }()
							return eventloop.Sleep(ctx, time.Hour)
						})
					}
					l.CallLater(time.Millisecond, func() { cancel(errSpec) })
					return nil
				})
			})
			Expect(err).To(MatchError(eventloop.ErrCancelled))
			Expect(err).To(MatchError(errSpec))
			Expect(ended).To(Equal(10))
		}, bounded)

		It("is for tasks only", func() {
			body := func(context.Context, G) error { return errSpec }
			Expect(eventloop.RunTaskGroup(context.Background(), body)).To(MatchError(eventloop.ErrNoRunningLoop))
			w := newWorld(kind)
			var err error
			w.CallSoon(func() { err = eventloop.RunTaskGroup(context.Background(), body) })
			w.once()
			Expect(err).To(MatchError(eventloop.ErrAwaitOnLoop))
		})

		It("takes no tasks from other goroutines", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			groups, over := make(chan G, 1), eventloop.NewFuture[none](w.Loop)
			task := spawn(w, func(ctx context.Context) error {
				return eventloop.RunTaskGroup(ctx, func(ctx context.Context, g G) error {
					groups <- g
					_, err := over.Await(ctx)
					return err
				})
			})
			refused := (<-groups).Go(sleep(0))
			Expect(refused.Err()).To(MatchError(eventloop.ErrInvalidState))
			Expect(over.Settle(none{}, nil)).To(Succeed())
			_, err := task.Await(ctx)
			Expect(err).NotTo(HaveOccurred())
		}, bounded)
	})
}
