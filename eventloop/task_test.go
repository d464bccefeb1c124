package eventloop_test

import (
	"context"
	"errors"
	"runtime"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
)

type none = struct{}

// spawn makes a task without a result.
func spawn(w *world, fn func(ctx context.Context) error) *eventloop.Task[none] {
	return eventloop.CreateTask(w.Loop, func(ctx context.Context) (none, error) { return none{}, fn(ctx) })
}

// finish runs the loop until the task is over.
func finish(w *world, task *eventloop.Task[none]) error {
	_, err := eventloop.RunUntilComplete(w.Loop, task)
	return err
}

func taskSpecs(kind string) {
	Describe("CreateTask", func() {
		It("begins in the next iteration, behind what is queued", func() {
			w, t := newWorld(kind), &trace{}
			w.CallSoon(func() {
				spawn(w, func(context.Context) error { t.add("task"); return nil })
				w.CallSoon(t.adds("callback"))
				t.add("creator")
			})
			w.once()
			Expect(t.take()).To(Equal([]string{"creator"}))
			w.once()
			Expect(t.take()).To(Equal([]string{"task", "callback"}))
		})

		It("runs on the loop's goroutine, in turns with other tasks and callbacks", func() {
			w, t := newWorld(kind), &trace{}
			turns := func(name string) func(context.Context) error {
				return func(ctx context.Context) error {
					for range 3 {
						t.add(name)
						if err := eventloop.Sleep(ctx, 0); err != nil {
							return err
						}
					}
					return nil
				}
			}
			spawn(w, turns("a"))
			last := spawn(w, turns("b"))
			Expect(finish(w, last)).To(Succeed())
			Expect(t.take()).To(Equal([]string{"a", "b", "a", "b", "a", "b"}))
		})

		It("may be called from another goroutine", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			task := spawn(w, func(ctx context.Context) error {
				return eventloop.Sleep(ctx, time.Millisecond)
			})
			_, err := task.Await(ctx)
			Expect(err).NotTo(HaveOccurred())
		}, bounded)

		It("wakes a blocked loop for tasks of many goroutines", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			results := make(chan error, 100)
			for i := range cap(results) {
				go func() {
					n, err := eventloop.CreateTask(w.Loop, func(ctx context.Context) (int, error) {
						return i, eventloop.Sleep(ctx, 0)
					}).Await(ctx)
					if n != i {
						err = errSpec
					}
					results <- err
				}()
			}
			for range cap(results) {
				Eventually(ctx, results).Should(Receive(BeNil()))
			}
		}, bounded)

		It("panics for a nil function", func() {
			w := newWorld(kind)
			Expect(func() { eventloop.CreateTask[int](w.Loop, nil) }).To(Panic())
		})
	})

	Describe("a task", func() {
		It("turns a panic into its error, and the loop goes on", func() {
			w, t := newWorld(kind), &trace{}
			task := spawn(w, func(context.Context) error { panic("in the task") })
			w.CallSoon(t.adds("rest"))
			err := finish(w, task)
			var p *eventloop.PanicError
			Expect(errors.As(err, &p)).To(BeTrue())
			Expect(p.Value).To(Equal("in the task"))
			Expect(string(p.Stack)).To(ContainSubstring("taskSpecs"))
			Expect(t.take()).To(Equal([]string{"rest"}))
		})

		It("is reported when nobody ever reads its error", func() {
			w := newWorld(kind)
			func() { spawn(w, func(context.Context) error { return errSpec }) }()
			w.once()
			Eventually(func() []eventloop.ExceptionContext {
				runtime.GC()
				w.once()
				return w.reports()
			}).WithTimeout(patient).Should(HaveExactElements(SatisfyAll(
				HaveField("Message", ContainSubstring("never read")),
				HaveField("Err", MatchError(errSpec)),
			)))
		})

		It("has a name and says what it is", func() {
			w := newWorld(kind)
			task := spawn(w, func(context.Context) error { return nil })
			task.SetName("worker")
			Expect(task.Name()).To(Equal("worker"))
			Expect(task.String()).To(SatisfyAll(ContainSubstring("worker"), ContainSubstring("pending")))
			Expect(finish(w, task)).To(Succeed())
			Expect(task.String()).To(ContainSubstring("done"))
		})

		It("is a context that ends with the task", func() {
			w := newWorld(kind)
			var inside context.Context
			task := spawn(w, func(ctx context.Context) error {
				inside = ctx
				return ctx.Err()
			})
			Expect(finish(w, task)).To(Succeed())
			Expect(inside.Done()).To(BeClosed())
			Expect(inside.Err()).To(MatchError(context.Canceled))
		})
	})

	Describe("AllTasks", func() {
		It("lists the tasks that are not over, oldest first", func() {
			w := newWorld(kind)
			Expect(w.AllTasks()).To(BeEmpty())
			first := spawn(w, func(ctx context.Context) error { return eventloop.Sleep(ctx, time.Second) })
			second := spawn(w, func(ctx context.Context) error { return eventloop.Sleep(ctx, 0) })
			Expect(w.AllTasks()).To(Equal([]eventloop.AnyTask{first, second}))
			w.once()
			w.once()
			Expect(w.AllTasks()).To(Equal([]eventloop.AnyTask{first}))
			w.clock.Advance(time.Second)
			Expect(finish(w, first)).To(Succeed())
			Expect(w.AllTasks()).To(BeEmpty())
		})
	})

	Describe("CurrentTask", func() {
		It("is the task that calls, and none in a callback and elsewhere", func() {
			w := newWorld(kind)
			var inside, after, callback eventloop.AnyTask
			task := spawn(w, func(ctx context.Context) error {
				inside = w.CurrentTask()
				err := eventloop.Sleep(ctx, 0)
				after = w.CurrentTask()
				return err
			})
			w.CallSoon(func() { callback = w.CurrentTask() })
			Expect(finish(w, task)).To(Succeed())
			Expect(inside).To(BeIdenticalTo(task))
			Expect(after).To(BeIdenticalTo(task))
			Expect(callback).To(BeNil())
			Expect(w.CurrentTask()).To(BeNil())
		})

		It("is none in another loop's task", func() {
			w, other := newWorld(kind), newWorld(kind)
			var foreign eventloop.AnyTask
			task := spawn(other, func(context.Context) error { foreign = w.CurrentTask(); return nil })
			Expect(finish(other, task)).To(Succeed())
			Expect(foreign).To(BeNil())
		})
	})

	Describe("thousands of tasks", func() {
		It("sleep and wake together", func(ctx SpecContext) {
			expectToWakeTogether(newWorld(kind), 3000)
		}, bounded)
	})
}

func expectToWakeTogether(w *world, n int) {
	GinkgoHelper()
	woke := 0
	for range n {
		spawn(w, func(ctx context.Context) error {
			err := eventloop.Sleep(ctx, time.Minute)
			woke++
			return err
		})
	}
	w.once()
	Expect(w.AllTasks()).To(HaveLen(n))
	w.clock.Advance(time.Minute)
	w.once()
	w.once()
	Expect(woke).To(Equal(n))
	Expect(w.AllTasks()).To(BeEmpty())
}

// Each is a goroutine to the runtime: under the race detector this takes long on
// a machine with other work.
var _ = Describe("a hundred thousand tasks", Label("slow"), func() {
	It("sleep and wake together", func(ctx SpecContext) {
		expectToWakeTogether(newWorld(""), 100_000)
	}, SpecTimeout(3*time.Minute))
})
