package future_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

// chaos runs tasks on a loop and disturbs them: between any two steps of theirs,
// in an order that the seed decides, some are cancelled, and scopes in which they
// wait are ended.
type chaos struct {
	*loop
	*rand.Rand
	seed   uint64
	tasks  []*future.Task[none]
	scopes []*future.CancelScope
	faults []string
}

func newChaos(seed uint64) *chaos {
	return &chaos{loop: new(world).newLoop(), Rand: rand.New(rand.NewPCG(seed, 1)), seed: seed}
}

// fault notes what must not be.
func (x *chaos) fault(format string, args ...any) {
	x.faults = append(x.faults, fmt.Sprintf(format, args...))
}

// actor starts a task whose actions are disturbed. Act is called so often with a
// context to wait with.
func (x *chaos) actor(times int, act func(ctx context.Context) error) {
	x.tasks = append(x.tasks, spawn(x.loop, func(ctx context.Context) error {
		c := future.FromContext(ctx)
		for range times {
			x.pause(ctx, 3)
			func() {
				scope := c.OpenScope(ctx)
				defer scope.Close()
				x.scopes = append(x.scopes, scope)
				x.disturb()
				if err := act(scope); err != nil && !expected(err) {
					x.fault("an act ends with %v", err)
				}
			}()
		}
		return nil
	}))
}

// helper starts a task that nobody disturbs.
func (x *chaos) helper(fn func(ctx context.Context) error) { spawn(x.loop, fn) }

// allDone reports whether all actors are done.
func (x *chaos) allDone() bool {
	return !slices.ContainsFunc(x.tasks, func(t *future.Task[none]) bool { return !t.Done() })
}

func expected(err error) bool {
	return errors.Is(err, future.ErrCancelled) || errors.Is(err, errEnough)
}

// pause gives up to n turns to the others; being cancelled is no reason to hurry.
func (x *chaos) pause(ctx context.Context, n int) {
	for range x.IntN(n + 1) {
		_ = future.FromContext(ctx).Yield(context.WithoutCancel(ctx))
		x.disturb()
	}
}

// disturb has something happen now or soon.
func (x *chaos) disturb() {
	victim := x.tasks[x.IntN(len(x.tasks))]
	var scope *future.CancelScope
	if len(x.scopes) > 0 {
		scope = x.scopes[len(x.scopes)-1-x.IntN(min(len(x.scopes), 8))]
	}
	switch x.IntN(12) {
	case 0:
		victim.Cancel()
	case 1:
		_ = x.Post(func() { victim.Cancel() })
	case 2:
		if scope != nil {
			scope.End(errEnough)
		}
	case 3:
		if scope != nil {
			_ = x.Post(func() { scope.End(errEnough) })
		}
	}
}

// finish runs everything to its end and reports whether there was one.
func (x *chaos) finish(before func()) {
	GinkgoHelper()
	for i := 0; x.turn() > 0; i++ {
		if before != nil {
			before()
		}
		if i > 1_000_000 {
			Fail("the tasks run for ever")
		}
	}
	for i, t := range x.tasks {
		if !t.Done() {
			x.fault("task %d waits for ever", i)
			continue
		}
		if err := t.Err(); err != nil && !expected(err) {
			x.fault("task %d: %v", i, err)
		}
	}
	Expect(x.faults).To(BeEmpty(), "seed %d", x.seed)
}

// everySeed runs the spec many times.
func everySeed(spec func(x *chaos)) {
	first := uint64(GinkgoRandomSeed())
	for seed := first; seed < first+60; seed++ {
		spec(newChaos(seed))
	}
}

var _ = Describe("under cancellations at every point", func() {
	It("a lock has one holder, is handed over in order and never forgotten", func() {
		everySeed(func(x *chaos) {
			m := future.NewLock(x.loop)
			arrivals, last, holders := 0, 0, 0
			for range 6 {
				x.actor(8, func(ctx context.Context) error {
					arrivals++
					mine := arrivals
					if x.IntN(5) == 0 {
						if !m.TryAcquire() {
							return nil
						}
					} else if err := m.Acquire(ctx); err != nil {
						return err
					}
					if mine < last {
						x.fault("%d comes after %d", mine, last)
					}
					last = mine
					if holders++; holders > 1 {
						x.fault("%d hold the lock", holders)
					}
					x.pause(ctx, 2)
					holders--
					m.Release()
					return nil
				})
			}
			x.finish(nil)
			Expect(m.Locked()).To(BeFalse(), "seed %d", x.seed)
		})
	})

	It("a semaphore loses and doubles no permit, and keeps the order", func() {
		everySeed(func(x *chaos) {
			const permits = 3
			m := future.NewBoundedSemaphore(x.loop, permits)
			arrivals, last, holders := 0, 0, 0
			for range 8 {
				x.actor(8, func(ctx context.Context) error {
					arrivals++
					mine, waits := arrivals, m.Free() == 0
					if err := m.Acquire(ctx); err != nil {
						return err
					}
					if waits && mine < last {
						x.fault("%d comes after %d", mine, last)
					}
					if waits {
						last = mine
					}
					if holders++; holders > permits {
						x.fault("%d have permits", holders)
					}
					x.pause(ctx, 2)
					holders--
					m.Release()
					return nil
				})
			}
			x.finish(nil)
			Expect(m.Free()).To(Equal(permits), "seed %d", x.seed)
		})
	})

	It("a queue delivers everything once, in order, and never overflows", func() {
		everySeed(func(x *chaos) {
			const limit = 2
			q := future.NewQueue[int](x.loop, limit)
			var put, taken []int
			next, producers := 0, 4
			for range producers {
				x.actor(10, func(ctx context.Context) error {
					next++
					v := next
					err := error(nil)
					if x.IntN(4) == 0 {
						if q.TryPut(v) != nil {
							return nil
						}
					} else {
						err = q.Put(ctx, v)
					}
					if err == nil {
						put = append(put, v)
					}
					return err
				})
			}
			for range 4 {
				x.actor(10, func(ctx context.Context) error {
					v, err := q.Get(ctx)
					if err == nil {
						taken = append(taken, v)
					}
					return err
				})
			}
			x.helper(func(ctx context.Context) error { // lets those go who are left
				for range 100 {
					x.pause(ctx, 1)
				}
				for !x.allDone() {
					if v, err := q.TryGet(); err == nil {
						taken = append(taken, v)
					}
					if v := next + 1; q.TryPut(v) == nil {
						next++
						put = append(put, v)
					}
					x.pause(ctx, 2)
				}
				return nil
			})
			x.finish(func() {
				if q.Len() > limit {
					x.fault("%d items", q.Len())
				}
			})
			for {
				v, err := q.TryGet()
				if err != nil {
					break
				}
				taken = append(taken, v)
			}
			Expect(taken).To(Equal(put), "seed %d", x.seed)
		})
	})

	It("a condition loses no notification, and every wait ends with the lock held", func() {
		everySeed(func(x *chaos) {
			v := future.NewCondition(future.NewLock(x.loop))
			items, consumed, produced, inside, waiting := 0, 0, 0, 0, 0
			locked := func(ctx context.Context, fn func() error) error {
				if err := v.Acquire(ctx); err != nil {
					return err
				}
				if inside++; inside > 1 {
					x.fault("%d hold the lock", inside)
				}
				err := fn()
				inside--
				v.Release()
				return err
			}
			for range 6 {
				x.actor(6, func(ctx context.Context) error {
					return locked(ctx, func() error {
						for items == 0 {
							inside--
							waiting++
							err := v.Wait(ctx)
							waiting--
							if inside++; inside > 1 {
								x.fault("%d hold the lock after a wait", inside)
							}
							if err != nil {
								return err
							}
						}
						items--
						consumed++
						return nil
					})
				})
			}
			x.helper(func(ctx context.Context) error {
				for !x.allDone() {
					_ = locked(ctx, func() error {
						if items == 0 {
							items++
							produced++
							v.Notify(1)
						}
						return nil
					})
					before := consumed
					for range 40 { // longer than anybody needs that was notified
						_ = future.FromContext(ctx).Yield(context.WithoutCancel(ctx))
					}
					if items > 0 && waiting > 0 && consumed == before {
						x.fault("an item lies there, and %d wait", waiting)
						return nil
					}
				}
				return nil
			})
			x.finish(nil)
			Expect(produced-consumed).To(Equal(items), "seed %d", x.seed)
			Expect(v.Locked()).To(BeFalse(), "seed %d", x.seed)
		})
	})

	It("a barrier lets go exactly its parties, each with another index", func() {
		everySeed(func(x *chaos) {
			const parties = 3
			b := future.NewBarrier(x.loop, parties)
			var indexes []int
			cancelled := 0
			for range 7 {
				x.actor(8, func(ctx context.Context) error {
					i, err := b.Wait(ctx)
					if errors.Is(err, future.ErrBarrierBroken) {
						return nil
					}
					if err != nil {
						cancelled++
						return err
					}
					indexes = append(indexes, i)
					return nil
				})
			}
			for x.turn() > 0 {
			}
			b.Abort()
			x.finish(nil)
			count := make([]int, parties)
			for _, i := range indexes {
				count[i]++
			}
			// One that was cancelled after it was let go has its index missing.
			Expect(slices.Max(count)-slices.Min(count)).To(BeNumerically("<=", cancelled), "seed %d", x.seed)
			Expect(count[parties-1]).To(Equal(slices.Max(count)), "the last one never waits: seed %d", x.seed)
		})
	})

	It("a task group leaves no task behind and no error untold", func() {
		everySeed(func(x *chaos) {
			var grow func(ctx context.Context, depth int) error
			failed := map[error]bool{}
			live := 0
			grow = func(ctx context.Context, depth int) error {
				return future.RunTaskGroup(ctx, x.loop, func(ctx context.Context, g *future.TaskGroup) error {
					for range 1 + x.IntN(3) {
						task := g.Go(func(ctx context.Context) error {
							live++
							defer func() { live-- }()
							x.pause(ctx, 4)
							if x.IntN(6) == 0 {
								err := fmt.Errorf("failure %d", len(failed))
								failed[err] = false
								return err
							}
							if depth > 0 {
								return grow(ctx, depth-1)
							}
							return future.FromContext(ctx).Yield(ctx)
						})
						if x.IntN(4) == 0 {
							_ = x.Post(func() { task.Cancel() })
						}
						x.disturb()
					}
					if x.IntN(3) == 0 {
						return future.FromContext(ctx).Yield(ctx)
					}
					return nil
				})
			}
			x.actor(3, func(ctx context.Context) error {
				err := grow(ctx, 3)
				for f := range failed {
					if errors.Is(err, f) {
						failed[f] = true
					}
				}
				if live > 0 {
					x.fault("%d tasks are left", live)
				}
				return nil
			})
			x.finish(nil)
			for f, told := range failed {
				Expect(told).To(BeTrue(), "%v, seed %d", f, x.seed)
			}
			Expect(x.loop.tasks.All()).To(BeEmpty(), "seed %d", x.seed)
		})
	})
})
