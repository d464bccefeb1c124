package future

import (
	"cmp"
	"maps"
	"runtime"
	"slices"
	"weak"
)

// A failure is a task's error that nobody has read. It does not keep the task
// alive, so that a task which is dropped unread can be told from one whose
// reader is yet to come.
type failure struct {
	err     error
	tasks   *Tasks
	sched   Scheduler
	number  uint64
	name    string
	task    func() any // the task while it lives, else nil
	cleanup runtime.Cleanup
}

const unreadMessage = "a task's error was never read"

// blame notes err as unread.
func blame[T any](t *Task[T], err error) *failure {
	pointer := weak.Make(t)
	fl := &failure{err: err, tasks: t.c.tasks, sched: t.c.sched, name: t.Name()}
	fl.task = func() any {
		if t := pointer.Value(); t != nil {
			return t
		}
		return nil
	}
	fl.cleanup = runtime.AddCleanup(t, dropped, fl)
	fl.tasks.blame(fl)
	return fl
}

// dropped is called by the runtime, on a goroutine of its own. The failure stays
// noted until the loop has reported it: the loop may be closed before it gets to
// what was posted.
func dropped(fl *failure) { _ = fl.sched.Post(fl.report) }

// read says that somebody has seen the error.
func (fl *failure) read() {
	if fl.tasks.forgive(fl) {
		fl.cleanup.Stop()
	}
}

// report reports the failure unless that was done, or the error read.
func (fl *failure) report() {
	if !fl.tasks.forgive(fl) {
		return
	}
	task := fl.task()
	if task == nil {
		task = fl.name
	}
	fl.sched.Report(unreadMessage, fl.err, task)
}

func (t *Tasks) blame(fl *failure) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.unread == nil {
		t.unread = make(map[*failure]struct{})
	}
	t.failures++
	fl.number = t.failures
	t.unread[fl] = struct{}{}
}

// forgive reports whether the failure was noted until now.
func (t *Tasks) forgive(fl *failure) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, noted := t.unread[fl]
	delete(t.unread, fl)
	return noted
}

// reportUnread reports what is noted, in the order of the failures.
func (t *Tasks) reportUnread() {
	t.mu.Lock()
	left := slices.SortedFunc(maps.Keys(t.unread), func(a, b *failure) int { return cmp.Compare(a.number, b.number) })
	t.mu.Unlock()
	for _, fl := range left {
		fl.report()
	}
}
