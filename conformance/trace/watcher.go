package trace

import (
	"fmt"

	"github.com/tidemill-go/tidemill/subprocess"
)

// watchers make the child watchers that there are; each refuses where its
// mechanism is missing.
var watchers = []struct {
	name string
	open func() (subprocess.ChildWatcher, error)
}{
	{"pidfd", func() (subprocess.ChildWatcher, error) { return subprocess.NewPidFDWatcher() }},
	{"kqueue", func() (subprocess.ChildWatcher, error) { return subprocess.NewKqueueWatcher() }},
	{"goroutine", func() (subprocess.ChildWatcher, error) { return subprocess.NewGoroutineWatcher(), nil }},
	{"safe", func() (subprocess.ChildWatcher, error) { return subprocess.NewSafeWatcher() }},
	{"fast", func() (subprocess.ChildWatcher, error) { return subprocess.NewFastWatcher() }},
}

func newWatcher(name string) (subprocess.ChildWatcher, error) {
	for _, w := range watchers {
		if w.name == name {
			return w.open()
		}
	}
	return nil, fmt.Errorf("there is no child watcher %q", name)
}

// Watchers returns the names of those that this machine offers.
func Watchers() (names []string) {
	for _, w := range watchers {
		if watcher, err := w.open(); err == nil {
			_ = watcher.Close()
			names = append(names, w.name)
		}
	}
	return names
}
