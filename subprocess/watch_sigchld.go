package subprocess

import "sync"

// sigchld hears SIGCHLD for as long as somebody holds it, so that a watcher
// without children costs nothing and touches nobody's.
type sigchld struct {
	heard func() // on a goroutine of its own

	mu      sync.Mutex
	holders int
	stop    func()
}

func (s *sigchld) hold() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.holders++; s.holders == 1 {
		s.stop = listen(s.heard)
	}
}

func (s *sigchld) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.holders--; s.holders == 0 {
		s.stop()
	}
}
