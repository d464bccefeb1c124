//go:build unix && !linux

package subprocess_test

import "github.com/tidemill-go/tidemill/subprocess"

// watchers are all that every one of these systems has, by name.
var watchers = []watcherMaker{
	{"kqueue", func() (subprocess.ChildWatcher, error) { return subprocess.NewKqueueWatcher() }},
	{"goroutine", func() (subprocess.ChildWatcher, error) { return subprocess.NewGoroutineWatcher(), nil }},
}
