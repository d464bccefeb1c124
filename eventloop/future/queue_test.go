package future_test

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/future"
)

var _ = Describe("a queue", func() {
	type Q = *future.Queue[int]
	var w *world
	var l *loop
	var events []string

	BeforeEach(func() {
		noLeaks()
		w = new(world)
		l = w.newLoop()
		events = nil
	})

	event := func(format string, args ...any) { events = append(events, fmt.Sprintf(format, args...)) }

	getter := func(q Q, name string) *future.Task[int] {
		t := future.Create(l, func(ctx context.Context) (int, error) {
			v, err := q.Get(ctx)
			if err == nil {
				event("%s got %d", name, v)
			}
			return v, err
		})
		l.idle()
		return t
	}
	putter := func(q Q, v int) *future.Task[none] {
		t := spawn(l, func(ctx context.Context) error {
			err := q.Put(ctx, v)
			if err == nil {
				event("put %d", v)
			}
			return err
		})
		l.idle()
		return t
	}
	fill := func(q Q, items ...int) {
		GinkgoHelper()
		for _, v := range items {
			Expect(q.TryPut(v)).To(Succeed())
		}
	}
	drain := func(q Q) (items []int) {
		for {
			v, err := q.TryGet()
			if err != nil {
				return items
			}
			items = append(items, v)
		}
	}

	It("has its items in the order in which they were put", func() {
		q := future.NewQueue[int](l, 0)
		var want []int
		for i := range 100 {
			fill(q, i)
			want = append(want, i)
		}
		Expect(q.Len()).To(Equal(100))
		Expect(drain(q)).To(Equal(want))
		Expect(q.Len()).To(BeZero())
		Expect(q.Limit()).To(BeZero())
	})

	It("has the latest item first if it is LIFO", func() {
		q := future.NewLIFOQueue[int](l, 0)
		fill(q, 1, 2, 3)
		Expect(drain(q)).To(Equal([]int{3, 2, 1}))
	})

	It("has the least item first if it has priorities, equal ones in their order", func() {
		type job struct{ rank, number int }
		q := future.NewPriorityQueue(l, 0, func(a, b job) int { return cmp.Compare(a.rank, b.rank) })
		for i := range 60 {
			Expect(q.TryPut(job{(i * 7) % 5, i})).To(Succeed())
		}
		var last job
		for i := range 60 {
			next, err := q.TryGet()
			Expect(err).NotTo(HaveOccurred())
			if i > 0 {
				Expect(next.rank > last.rank || next.rank == last.rank && next.number > last.number).To(BeTrue())
			}
			last = next
		}
		Expect(func() { future.NewPriorityQueue[int](l, 0, nil) }).To(Panic())
	})

	It("refuses to wait in TryGet and TryPut", func() {
		q := future.NewQueue[int](l, 1)
		Expect(got(q.TryGet())).To(Equal(outcome[int]{0, future.ErrQueueEmpty}))
		fill(q, 1)
		Expect(q.TryPut(2)).To(MatchError(future.ErrQueueFull))
		Expect(q.Limit()).To(Equal(1))
		Expect(drain(q)).To(Equal([]int{1}))
	})

	It("gets and puts without a wait where none is needed, even with a context that is over", func() {
		q := future.NewQueue[int](l, 1)
		over, cancel := context.WithCancel(context.Background())
		cancel()
		t := future.Create(l, func(context.Context) (int, error) {
			if err := q.Put(over, 7); err != nil {
				return 0, err
			}
			return q.Get(over)
		})
		Expect(l.turn()).To(Equal(1))
		Expect(t.Result()).To(Equal(7))
	})

	When("it is empty", func() {
		It("serves those who wait in the order in which they came", func() {
			q := future.NewQueue[int](l, 0)
			getter(q, "a")
			getter(q, "b")
			getter(q, "c")
			fill(q, 1, 2)
			l.idle()
			Expect(events).To(Equal([]string{"a got 1", "b got 2"}))
			fill(q, 3)
			l.idle()
			Expect(events).To(HaveLen(3))
		})

		It("lets nobody get between", func() {
			q := future.NewQueue[int](l, 0)
			getter(q, "a")
			fill(q, 1)
			_, err := q.TryGet()
			Expect(err).To(MatchError(future.ErrQueueEmpty))
			late := getter(q, "late")
			Expect(events).To(Equal([]string{"a got 1"}))
			Expect(late.Done()).To(BeFalse())
			fill(q, 2)
			l.idle()
		})

		It("gives a woken getter the item that is first by then", func() {
			q := future.NewPriorityQueue(l, 0, cmp.Compare[int])
			getter(q, "a")
			fill(q, 5, 1)
			l.idle()
			Expect(events).To(Equal([]string{"a got 1"}))
			Expect(drain(q)).To(Equal([]int{5}))
		})
	})

	When("a getter is cancelled", func() {
		It("loses nothing", func() {
			q := future.NewQueue[int](l, 0)
			a := getter(q, "a")
			getter(q, "b")
			a.Cancel()
			fill(q, 1)
			l.idle()
			Expect(events).To(Equal([]string{"b got 1"}))
		})

		It("loses nothing and keeps the order if it was promised an item", func() {
			q := future.NewQueue[int](l, 0)
			a := getter(q, "a")
			getter(q, "b")
			getter(q, "c")
			fill(q, 1, 2)
			a.Cancel()
			l.idle()
			Expect(events).To(Equal([]string{"b got 1", "c got 2"}))
			d := getter(q, "d")
			fill(q, 3)
			d.Cancel()
			l.idle()
			Expect(drain(q)).To(Equal([]int{3}))
		})
	})

	When("it is full", func() {
		It("makes those who put wait, in the order in which they came", func() {
			q := future.NewQueue[int](l, 2)
			fill(q, 1, 2)
			putter(q, 3)
			putter(q, 4)
			Expect(q.Len()).To(Equal(2))
			Expect(events).To(BeEmpty())
			Expect(q.TryGet()).To(Equal(1))
			Expect(q.TryPut(9)).To(MatchError(future.ErrQueueFull), "the room is promised")
			l.idle()
			Expect(events).To(Equal([]string{"put 3"}))
			Expect(q.TryGet()).To(Equal(2))
			l.idle()
			Expect(drain(q)).To(Equal([]int{3, 4}))
		})

		It("has not the item of a putter that was cancelled, with or without room promised", func() {
			q := future.NewQueue[int](l, 1)
			fill(q, 1)
			a := putter(q, 2)
			b := putter(q, 3)
			putter(q, 4)
			a.Cancel()
			Expect(q.TryGet()).To(Equal(1))
			b.Cancel()
			l.idle()
			Expect(a.Cancelled()).To(BeTrue())
			Expect(b.Cancelled()).To(BeTrue())
			Expect(drain(q)).To(Equal([]int{4}))
		})
	})

	It("passes items through with a limit of one", func() {
		q := future.NewQueue[int](l, 1)
		var items []int
		spawn(l, func(ctx context.Context) error {
			for i := range 50 {
				if err := q.Put(ctx, i); err != nil {
					return err
				}
			}
			q.Shutdown(false)
			return nil
		})
		consumer := spawn(l, func(ctx context.Context) error {
			for {
				v, err := q.Get(ctx)
				if err != nil {
					return err
				}
				items = append(items, v)
			}
		})
		l.idle()
		Expect(consumer.Err()).To(MatchError(future.ErrQueueShutDown))
		Expect(items).To(HaveLen(50))
		Expect(items).To(HaveExactElements(items))
		Expect(items[49]).To(Equal(49))
	})

	It("allocates nothing for an item that need not wait", func() {
		q := future.NewQueue[int](l, 0)
		var allocs float64
		spawn(l, func(ctx context.Context) error {
			allocs = testing.AllocsPerRun(100, func() {
				if q.Put(ctx, 1) == nil {
					q.Get(ctx)
				}
			})
			return nil
		})
		l.idle()
		Expect(allocs).To(BeZero())
	})

	Describe("Join", func() {
		It("waits until everything is dealt with", func() {
			q := future.NewQueue[int](l, 0)
			fill(q, 1, 2)
			join := spawn(l, q.Join)
			l.idle()
			drain(q)
			q.TaskDone()
			l.idle()
			Expect(join.Done()).To(BeFalse())
			q.TaskDone()
			l.idle()
			Expect(join.Done()).To(BeTrue())
			Expect(join.Err()).NotTo(HaveOccurred())
			Expect(q.TaskDone).To(PanicWith(ContainSubstring("more often")))
		})

		It("does not wait if there is nothing to do", func() {
			q := future.NewQueue[int](l, 0)
			join := spawn(l, q.Join)
			Expect(l.turn()).To(Equal(1))
			Expect(join.Done()).To(BeTrue())
		})
	})

	Describe("Shutdown", func() {
		It("lets what is in be got, and nothing be put", func() {
			q := future.NewQueue[int](l, 0)
			fill(q, 1, 2)
			q.Shutdown(false)
			Expect(q.TryPut(3)).To(MatchError(future.ErrQueueShutDown))
			Expect(putter(q, 3).Err()).To(MatchError(future.ErrQueueShutDown))
			Expect(getter(q, "a").Result()).To(Equal(1))
			Expect(q.TryGet()).To(Equal(2))
			_, err := q.TryGet()
			Expect(err).To(MatchError(future.ErrQueueShutDown))
			Expect(getter(q, "a").Err()).To(MatchError(future.ErrQueueShutDown))
		})

		It("ends the waits of both sides", func() {
			q := future.NewQueue[int](l, 1)
			a := getter(q, "a")
			q.Shutdown(false)
			l.idle()
			Expect(a.Err()).To(MatchError(future.ErrQueueShutDown))
			q = future.NewQueue[int](l, 1)
			fill(q, 1)
			b, c := putter(q, 2), putter(q, 3)
			Expect(q.TryGet()).To(Equal(1)) // room is promised to b
			q.Shutdown(false)
			l.idle()
			Expect(b.Err()).To(MatchError(future.ErrQueueShutDown))
			Expect(c.Err()).To(MatchError(future.ErrQueueShutDown))
			Expect(q.Len()).To(BeZero())
		})

		It("leaves a getter the item that it was promised", func() {
			q := future.NewQueue[int](l, 0)
			a, b := getter(q, "a"), getter(q, "b")
			fill(q, 1)
			q.Shutdown(false)
			l.idle()
			Expect(a.Result()).To(Equal(1))
			Expect(b.Err()).To(MatchError(future.ErrQueueShutDown))
		})

		It("gives the promised item of a cancelled getter to the next, not an end too early", func() {
			q := future.NewQueue[int](l, 0)
			a, b := getter(q, "a"), getter(q, "b")
			fill(q, 1)
			q.Shutdown(false)
			a.Cancel()
			l.idle()
			Expect(b.Result()).To(Equal(1))
		})

		It("drops what is in if it is immediate, which counts as dealt with", func() {
			q := future.NewQueue[int](l, 0)
			a := getter(q, "a")
			fill(q, 1, 2, 3)
			join := spawn(l, q.Join)
			l.turn()
			q.Shutdown(true)
			q.Shutdown(true)
			l.idle()
			Expect(a.Result()).To(Equal(1))
			Expect(join.Done()).To(BeFalse())
			q.TaskDone()
			l.idle()
			Expect(join.Done()).To(BeTrue())
			Expect(q.Len()).To(BeZero())
		})

		It("takes the item even from a getter that was promised it, if it is immediate", func() {
			q := future.NewQueue[int](l, 0)
			a := getter(q, "a")
			fill(q, 1)
			q.Shutdown(true)
			l.idle()
			Expect(a.Err()).To(MatchError(future.ErrQueueShutDown))
			Expect(q.TaskDone).To(Panic())
		})
	})

	It("is refused where a wait would block the loop, and to other loops' tasks", func() {
		q := future.NewQueue[int](l, 1)
		var get, put, join error
		l.on(func() {
			_, get = q.Get(context.Background())
			put = q.Put(context.Background(), 1)
			join = q.Join(context.Background())
		})
		Expect(get).To(MatchError(future.ErrAwaitOnLoop))
		Expect(put).NotTo(HaveOccurred())
		Expect(join).To(MatchError(future.ErrAwaitOnLoop))
		l.on(func() { put = q.Put(context.Background(), 2) })
		Expect(put).To(MatchError(future.ErrAwaitOnLoop))
		other := w.newLoop()
		t := spawn(other, func(ctx context.Context) error { return q.Put(ctx, 3) })
		other.idle()
		Expect(t.Err()).To(MatchError(future.ErrInvalidState))
		Expect(drain(q)).To(Equal([]int{1}))
	})

	When("goroutines beside the loop use it", func() {
		It("loses and doubles nothing between them and tasks, in either direction", func() {
			const producers, each = 4, 200
			q := future.NewQueue[int](l, 3)
			l.start()
			var mu sync.Mutex
			seen := map[int]int{}
			note := func(v int) {
				mu.Lock()
				defer mu.Unlock()
				seen[v]++
			}
			consume := func(ctx context.Context) error {
				for {
					v, err := q.Get(ctx)
					if err != nil {
						return err
					}
					note(v)
				}
			}
			var making, taking sync.WaitGroup
			for p := range producers {
				produce := func(ctx context.Context) error {
					for i := range each {
						if err := q.Put(ctx, p*each+i); err != nil {
							return err
						}
					}
					return nil
				}
				if p%2 == 0 {
					making.Go(func() { _ = produce(soon()) })
				} else {
					t := spawn(l, produce)
					making.Go(func() { _, _ = t.Await(soon()) })
				}
				if p%2 == 0 {
					taking.Go(func() { _ = consume(soon()) })
				} else {
					t := spawn(l, consume)
					taking.Go(func() { _, _ = t.Await(soon()) })
				}
			}
			making.Wait()
			Expect(l.Post(func() { q.Shutdown(false) })).To(Succeed())
			taking.Wait()
			Expect(seen).To(HaveLen(producers * each))
			for _, times := range seen {
				Expect(times).To(Equal(1))
			}
		})

		It("has an item got, put or left when the end of a context comes between", func() {
			q := future.NewQueue[int](l, 1)
			l.start()
			for i := range 300 {
				ctx, cancel := context.WithCancel(soon())
				result := make(chan outcome[int], 1)
				go func() { result <- got(q.Get(ctx)) }()
				go cancel()
				Expect(q.Put(soon(), i)).To(Succeed())
				if r := receive(result); r.err == nil {
					Expect(r.value).To(Equal(i))
				} else {
					Expect(q.Get(soon())).To(Equal(i))
				}
				Expect(q.Put(soon(), i)).To(Succeed())
				ctx, cancel = context.WithCancel(soon())
				go func() { result <- got(0, q.Put(ctx, -i)) }()
				go cancel()
				Expect(q.Get(soon())).To(Equal(i))
				if r := receive(result); r.err == nil {
					Expect(q.Get(soon())).To(Equal(-i))
				}
			}
		})

		It("joins, and hears of Shutdown", func() {
			q := future.NewQueue[int](l, 0)
			l.start()
			Expect(q.Join(soon())).To(Succeed())
			Expect(q.Put(soon(), 1)).To(Succeed())
			joined := make(chan error, 1)
			go func() { joined <- q.Join(soon()) }()
			Expect(q.Get(soon())).To(Equal(1))
			Expect(l.Post(q.TaskDone)).To(Succeed())
			Expect(receive(joined)).To(Succeed())
			ended := make(chan error, 1)
			go func() { _, err := q.Get(soon()); ended <- err }()
			Eventually(l.waiters).WithTimeout(patient).Should(Equal(1))
			Expect(l.Post(func() { q.Shutdown(false) })).To(Succeed())
			Expect(receive(ended)).To(MatchError(future.ErrQueueShutDown))
			Expect(q.Put(soon(), 1)).To(MatchError(future.ErrQueueShutDown))
		})
	})
})
