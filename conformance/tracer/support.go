package main

import "github.com/tidemill-go/tidemill/eventloop"

// run runs a loop that a scenario stops itself.
func run(l *eventloop.Loop) { must(l.RunForever()) }

// must panics with what a scenario does not expect to fail.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// failure returns the error of a call that is refused at once, nil for a future
// that is still pending: asking that for its result would be an error of its
// own.
func failure[T any](f *eventloop.Future[T]) error {
	if !f.Done() {
		return nil
	}
	_, err := f.Result()
	return err
}
