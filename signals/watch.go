package signals

import (
	"fmt"
	"os"
	"os/signal"
	"sync"
)

// Watch calls fn, on a goroutine of its own, after sig has come: at least once
// after the last of several. The caller that stops it gives the signal's default
// action back, unless others use os/signal for it; a call of fn may still be going
// on then. Stopping again does nothing. The errors are those of Handlers.Add.
//
// The channel holds one signal and os/signal drops what does not fit: that is the
// merging, and a signal that comes while fn runs stays in the channel. Channels
// are therefore not shared between signals: a storm of one would drop another.
func Watch(sig os.Signal, fn func()) (stop func(), err error) {
	if fn == nil {
		return nil, fmt.Errorf("%w: nil signal handler", os.ErrInvalid)
	}
	number, err := catchable(sig)
	if err != nil {
		return nil, err
	}
	incoming, over := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(incoming, number)
	go func() {
		for {
			select {
			case <-incoming:
				fn()
			case <-over:
				return
			}
		}
	}()
	return sync.OnceFunc(func() {
		signal.Stop(incoming)
		close(over)
	}), nil
}
