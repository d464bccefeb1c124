//go:build unix

package subprocess

// Queue is a kernel's half of a KqueueWatcher, for systems without kqueue.
type Queue struct {
	Add   func(pid int) error
	Wait  func() (pids []int, err error)
	Close func()
}

func (q Queue) add(pid int) error             { return q.Add(pid) }
func (q Queue) wait() (pids []int, err error) { return q.Wait() }
func (q Queue) close()                        { q.Close() }

// NewKqueueWatcherOver returns a KqueueWatcher over a queue of the spec's.
func NewKqueueWatcherOver(open func() (Queue, error)) *KqueueWatcher {
	return newKqueueWatcher(func() (exitQueue, error) { return open() })
}

// CodeOf is the return code that a wait status becomes.
var CodeOf = codeOf
