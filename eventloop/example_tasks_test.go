package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tidemill-go/tidemill/eventloop"
)

// Tasks that end together: the first failure ends the others.
func ExampleRunTaskGroup() {
	err := eventloop.Run(context.Background(), func(ctx context.Context, _ *eventloop.Loop) error {
		return eventloop.RunTaskGroup(ctx, func(_ context.Context, g *eventloop.TaskGroup) error {
			g.Go(func(ctx context.Context) error {
				err := eventloop.Sleep(ctx, time.Hour)
				fmt.Println("sleeper:", err)
				return err
			})
			g.Go(func(context.Context) error { return errors.New("out of paper") })
			return nil
		})
	})
	fmt.Println(err)
	// Output:
	// sleeper: cancelled
	// out of paper
}

// Tasks side by side, their results in order.
func ExampleGather() {
	square := func(l *eventloop.Loop, n int) *eventloop.Task[int] {
		return eventloop.CreateTask(l, func(ctx context.Context) (int, error) {
			return n * n, eventloop.Sleep(ctx, time.Duration(4-n)*time.Millisecond)
		})
	}
	err := eventloop.Run(context.Background(), func(ctx context.Context, l *eventloop.Loop) error {
		squares, err := eventloop.Gather[int](l, square(l, 1), square(l, 2), square(l, 3)).Await(ctx)
		fmt.Println(squares)
		return err
	})
	fmt.Println(err)
	// Output:
	// [1 4 9]
	// <nil>
}

// A bound for several waits together.
func ExampleTimeout() {
	err := eventloop.Run(context.Background(), func(ctx context.Context, _ *eventloop.Loop) error {
		return eventloop.Timeout(ctx, 5*time.Millisecond, func(ctx context.Context) error {
			for {
				if err := eventloop.Sleep(ctx, time.Millisecond); err != nil {
					return err
				}
			}
		})
	})
	fmt.Println(err, errors.Is(err, context.DeadlineExceeded))
	// Output: timed out after 5ms true
}

// A scope whose end moves as long as something happens.
func ExampleWithTimeout() {
	err := eventloop.Run(context.Background(), func(ctx context.Context, l *eventloop.Loop) error {
		const idle = 50 * time.Millisecond
		scope, cancel := eventloop.WithTimeout(ctx, idle)
		defer cancel()
		for i := range 3 {
			if err := eventloop.Sleep(scope, time.Millisecond); err != nil {
				return err
			}
			fmt.Println("step", i)
			if err := scope.Reschedule(l.Now().Add(idle)); err != nil {
				return err
			}
		}
		err := eventloop.Sleep(scope, time.Hour)
		fmt.Println(scope.Expired(), scope.Caused(err))
		return nil
	})
	fmt.Println(err)
	// Output:
	// step 0
	// step 1
	// step 2
	// true true
	// <nil>
}

// To stop waiting for something that is to go on.
func ExampleShield() {
	err := eventloop.Run(context.Background(), func(ctx context.Context, l *eventloop.Loop) error {
		save := eventloop.CreateTask(l, func(ctx context.Context) (string, error) {
			return "saved", eventloop.Sleep(ctx, 20*time.Millisecond)
		})
		_, err := eventloop.WaitFor[string](ctx, eventloop.Shield(save), time.Millisecond)
		fmt.Println(err)
		result, err := save.Await(ctx)
		fmt.Println(result)
		return err
	})
	fmt.Println(err)
	// Output:
	// context deadline exceeded
	// saved
	// <nil>
}

// Whichever comes first.
func ExampleWait() {
	err := eventloop.Run(context.Background(), func(ctx context.Context, l *eventloop.Loop) error {
		var racers []*eventloop.Task[string]
		for _, r := range []struct {
			name string
			d    time.Duration
		}{{"tortoise", time.Hour}, {"hare", time.Millisecond}} {
			racers = append(racers, eventloop.CreateTask(l, func(ctx context.Context) (string, error) {
				return r.name, eventloop.Sleep(ctx, r.d)
			}))
		}
		done, pending, err := eventloop.Wait(ctx, racers, eventloop.FirstCompleted)
		if err != nil {
			return err
		}
		winner, _ := done[0].Result()
		fmt.Println(winner, "wins,", len(pending), "still runs")
		return nil // Run cancels it
	})
	fmt.Println(err)
	// Output:
	// hare wins, 1 still runs
	// <nil>
}

// A task that works for goroutines beside its loop.
func ExampleQueue() {
	jobs := make(chan *eventloop.Queue[string], 1)
	over := make(chan error)
	go func() {
		over <- eventloop.Run(context.Background(), func(ctx context.Context, l *eventloop.Loop) error {
			q := eventloop.NewQueue[string](l, 1)
			jobs <- q
			for range 3 {
				job, err := q.Get(ctx)
				if err != nil {
					return err
				}
				fmt.Println("doing", job)
				q.TaskDone()
			}
			return nil
		})
	}()
	q := <-jobs
	for _, job := range []string{"one", "two", "three"} {
		if err := q.Put(context.Background(), job); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(<-over)
	// Output:
	// doing one
	// doing two
	// doing three
	// <nil>
}

// What a sync.Mutex must not be: held across a wait.
func ExampleLock() {
	err := eventloop.Run(context.Background(), func(ctx context.Context, l *eventloop.Loop) error {
		lock := eventloop.NewLock(l)
		return eventloop.RunTaskGroup(ctx, func(_ context.Context, g *eventloop.TaskGroup) error {
			for _, name := range []string{"a", "b"} {
				g.Go(func(ctx context.Context) error {
					if err := lock.Acquire(ctx); err != nil {
						return err
					}
					defer lock.Release()
					fmt.Println(name, "in")
					err := eventloop.Sleep(ctx, time.Millisecond)
					fmt.Println(name, "out")
					return err
				})
			}
			return nil
		})
	})
	fmt.Println(err)
	// Output:
	// a in
	// a out
	// b in
	// b out
	// <nil>
}
