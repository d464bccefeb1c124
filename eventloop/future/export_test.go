package future

// Remotes counts the waits from outside the loop.
func (t *Tasks) Remotes() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.remotes)
}

// Unread counts the errors that nobody has read.
func (t *Tasks) Unread() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.unread)
}

// Waiters counts who is registered with f.
func (f *core) Waiters() int {
	n := 0
	for w := f.head; w != nil; w = w.next {
		n++
	}
	return n
}

// Patience is how many waits a closed loop refuses.
const Patience = patience

// InLine counts who stands in line for the lock, those included who have left
// without the loop's knowing.
func (m *Lock) InLine() int { return m.line.length }
