package future

import "maps"

// closing is one call of WhenClosed.
type closing struct{ fn func() }

// WhenClosed has fn called by CloseAll, after the live tasks are unwound: for
// goroutines that wait for the loop by other means than a future, and that
// nobody would wake any more. Fn must not wait. Forget takes it back; it does
// nothing once fn was called. On a closed loop WhenClosed returns the loop's
// error and forgets fn. It may be called from any goroutine.
func (t *Tasks) WhenClosed(fn func()) (forget func(), err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closeErr != nil {
		return nil, t.closeErr
	}
	c := &closing{fn: fn}
	if t.closings == nil {
		t.closings = make(map[*closing]struct{})
	}
	t.closings[c] = struct{}{}
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.closings, c)
	}, nil
}

// tellClosed calls what WhenClosed was given. The lock is not held: what is
// called may forget others.
func (t *Tasks) tellClosed() {
	t.mu.Lock()
	closings := maps.Clone(t.closings)
	t.closings = nil
	t.mu.Unlock()
	for c := range closings {
		c.fn()
	}
}
