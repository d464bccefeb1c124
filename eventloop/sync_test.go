package eventloop_test

import (
	"cmp"
	"context"
	"sync"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
)

func syncSpecs(kind string) {
	Describe("a lock", func() {
		It("is held by one task at a time, in the order in which they came", func() {
			w, t := newJumpingWorld(kind), &trace{}
			m := eventloop.NewLock(w.Loop)
			last := spawn(w, func(context.Context) error { return nil })
			for _, name := range []string{"a", "b", "c"} {
				last = spawn(w, func(ctx context.Context) error {
					if err := m.Acquire(ctx); err != nil {
						return err
					}
					defer m.Release()
					t.add(name)
					err := eventloop.Sleep(ctx, time.Second)
					t.add(name)
					return err
				})
			}
			Expect(finish(w, last)).To(Succeed())
			Expect(t.take()).To(Equal([]string{"a", "a", "b", "b", "c", "c"}))
			Expect(m.Locked()).To(BeFalse())
		})

		It("gives up a wait whose time is up", func() {
			w := newJumpingWorld(kind)
			m := eventloop.NewLock(w.Loop)
			m.TryAcquire()
			Expect(finish(w, spawn(w, func(ctx context.Context) error {
				return eventloop.Timeout(ctx, time.Second, m.Acquire)
			}))).To(MatchError(context.DeadlineExceeded))
			m.Release()
			Expect(m.Locked()).To(BeFalse())
		})

		It("excludes tasks and goroutines beside the loop from each other", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			m := eventloop.NewLock(w.Loop)
			var holders, most atomic.Int32
			hold := func(ctx context.Context) error {
				for range 20 {
					if err := m.Acquire(ctx); err != nil {
						return err
					}
					most.Store(max(most.Load(), holders.Add(1)))
					err := eventloop.Sleep(ctx, 0)
					holders.Add(-1)
					if err := cmp.Or(err, w.Post(m.Release)); err != nil {
						return err
					}
				}
				return nil
			}
			results := make(chan error, 8)
			for i := range cap(results) {
				go func() {
					if i%2 == 0 {
						results <- hold(ctx)
						return
					}
					_, err := spawn(w, hold).Await(ctx)
					results <- err
				}()
			}
			for range cap(results) {
				Eventually(ctx, results).Should(Receive(BeNil()))
			}
			Expect(most.Load()).To(Equal(int32(1)))
		}, bounded)
	})

	Describe("a semaphore", func() {
		It("bounds how many run at a time", func() {
			w := newJumpingWorld(kind)
			m := eventloop.NewBoundedSemaphore(w.Loop, 3)
			running, most := 0, 0
			Expect(finish(w, spawn(w, func(ctx context.Context) error {
				return eventloop.RunTaskGroup(ctx, func(ctx context.Context, g *eventloop.TaskGroup) error {
					for range 10 {
						g.Go(func(ctx context.Context) error {
							if err := m.Acquire(ctx); err != nil {
								return err
							}
							defer m.Release()
							running++
							most = max(most, running)
							defer func() { running-- }()
							return eventloop.Sleep(ctx, time.Second)
						})
					}
					return nil
				})
			}))).To(Succeed())
			Expect(most).To(Equal(3))
			Expect(m.Free()).To(Equal(3))
			Expect(eventloop.NewSemaphore(w.Loop, 0).TryAcquire()).To(BeFalse())
		})
	})

	Describe("an event", func() {
		It("wakes tasks and goroutines beside the loop", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			e := eventloop.NewEvent(w.Loop)
			results := make(chan error, 10)
			for i := range cap(results) {
				go func() {
					if i%2 == 0 {
						results <- e.Wait(ctx)
						return
					}
					_, err := spawn(w, e.Wait).Await(ctx)
					results <- err
				}()
			}
			Consistently(results).WithTimeout(tick).ShouldNot(Receive())
			Expect(w.Post(e.Set)).To(Succeed())
			for range cap(results) {
				Eventually(ctx, results).Should(Receive(BeNil()))
			}
		}, bounded)
	})

	Describe("a condition", func() {
		It("lets tasks wait for what others change", func() {
			w := newJumpingWorld(kind)
			v := eventloop.NewCondition(eventloop.NewLock(w.Loop))
			stock := 0
			buy := func(ctx context.Context) error {
				if err := v.Acquire(ctx); err != nil {
					return err
				}
				defer v.Release()
				err := v.WaitFor(ctx, func() bool { return stock >= 2 })
				stock -= 2
				return err
			}
			a, b := spawn(w, buy), spawn(w, buy)
			spawn(w, func(ctx context.Context) error {
				for range 4 {
					_ = eventloop.Sleep(ctx, time.Second)
					if err := v.Acquire(ctx); err != nil {
						return err
					}
					stock++
					v.Notify(1)
					v.Release()
				}
				return nil
			})
			Expect(finish(w, a)).To(Succeed())
			Expect(finish(w, b)).To(Succeed())
			Expect(stock).To(BeZero())
		})
	})

	Describe("a barrier", func() {
		It("has tasks go on together", func() {
			w, t := newJumpingWorld(kind), &trace{}
			b := eventloop.NewBarrier(w.Loop, 2)
			party := func(name string, d time.Duration) *eventloop.Task[none] {
				return spawn(w, func(ctx context.Context) error {
					_ = eventloop.Sleep(ctx, d)
					t.add(name + " comes")
					_, err := b.Wait(ctx)
					t.add(name + " goes")
					return err
				})
			}
			a := party("a", time.Second)
			party("b", time.Minute)
			Expect(finish(w, a)).To(Succeed())
			Expect(t.take()).To(Equal([]string{"a comes", "b comes", "b goes", "a goes"}))
			spawn(w, func(ctx context.Context) error {
				_, err := b.Wait(ctx)
				if err != eventloop.ErrBarrierBroken {
					return errSpec
				}
				return nil
			})
			w.once()
			b.Abort()
			w.once()
		})
	})

	Describe("a queue", func() {
		It("hands items between tasks and goroutines, until it is shut down", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			in, out := eventloop.NewQueue[int](w.Loop, 4), eventloop.NewQueue[int](w.Loop, 4)
			for range 3 {
				spawn(w, func(ctx context.Context) error {
					for {
						n, err := in.Get(ctx)
						if err == eventloop.ErrQueueShutDown {
							return nil
						}
						if err := cmp.Or(err, out.Put(ctx, n*n)); err != nil {
							return err
						}
						in.TaskDone()
					}
				})
			}
			var feeding sync.WaitGroup
			feeding.Go(func() {
				for i := range 100 {
					_ = in.Put(ctx, i)
				}
			})
			sum := 0
			for range 100 {
				n, err := out.Get(ctx)
				Expect(err).NotTo(HaveOccurred())
				sum += n
			}
			Expect(sum).To(Equal(328350))
			feeding.Wait()
			Expect(in.Join(ctx)).To(Succeed())
			w.on(ctx, func() { in.Shutdown(false) })
			Eventually(w.AllTasks).WithTimeout(patient).Should(BeEmpty())
		}, bounded)

		It("has variants for the latest and the least first", func() {
			w := newWorld(kind)
			last, least := eventloop.NewLIFOQueue[int](w.Loop, 0), eventloop.NewPriorityQueue(w.Loop, 3, cmp.Compare[int])
			for _, n := range []int{2, 1, 3} {
				Expect(last.TryPut(n)).To(Succeed())
				Expect(least.TryPut(n)).To(Succeed())
			}
			Expect(least.TryPut(4)).To(MatchError(eventloop.ErrQueueFull))
			Expect(last.TryGet()).To(Equal(3))
			Expect(least.TryGet()).To(Equal(1))
			Expect(eventloop.NewQueue[int](w.Loop, 0).Limit()).To(BeZero())
			_, err := eventloop.NewQueue[int](w.Loop, 0).TryGet()
			Expect(err).To(MatchError(eventloop.ErrQueueEmpty))
		})

		It("ends the waits of goroutines beside the loop when that is closed", func(ctx SpecContext) {
			w := newRealWorld(kind)
			halt := w.background()
			q := eventloop.NewQueue[int](w.Loop, 0)
			result := make(chan error, 1)
			go func() { _, err := q.Get(ctx); result <- err }()
			Consistently(result).WithTimeout(tick).ShouldNot(Receive())
			halt()
			Expect(w.Close()).To(Succeed())
			Eventually(ctx, result).Should(Receive(MatchError(eventloop.ErrLoopClosed)))
		}, bounded)
	})
}
