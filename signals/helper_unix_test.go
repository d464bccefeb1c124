//go:build unix

package signals_test

import (
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/tidemill-go/tidemill/signals"
)

// helpers are programs that end by a signal whose handler is gone.
var helpers = map[string]func(){
	"remove": func() { dieAfter(func(h *signals.Handlers) { _, _ = h.Remove(syscall.SIGTERM) }) },
	"close":  func() { dieAfter((*signals.Handlers).Close) },
}

func dieAfter(end func(*signals.Handlers)) {
	calls := make(chan func(), 1)
	h := signals.New(func(fn func()) error { calls <- fn; return nil })
	if err := h.Add(syscall.SIGTERM, func() { fmt.Println("handled") }); err != nil {
		panic(err)
	}
	send := func() { _ = syscall.Kill(os.Getpid(), syscall.SIGTERM) }
	send()
	(<-calls)()
	end(h)
	send()
	<-time.After(patient) // the kernel may give the signal to another thread, a little later
}
