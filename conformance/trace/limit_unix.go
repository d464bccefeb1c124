//go:build unix

package trace

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// LimitDescriptors lets the process have few descriptors. An accept that is under
// way in an io_uring keeps the limit of its submission: this comes before a
// server.
func LimitDescriptors(few int) {
	limit := unix.Rlimit{}
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		panic(err)
	}
	set(&limit.Cur, few)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		panic(err)
	}
}

// UseUpDescriptors opens files until there are no descriptors left, and returns
// what gives those back.
func UseUpDescriptors() (giveBack func()) {
	var spare []*os.File
	for {
		f, err := os.Open(os.DevNull)
		if errors.Is(err, unix.EMFILE) {
			break
		}
		spare = append(spare, Must(f, err))
	}
	return func() {
		for _, f := range spare {
			if err := f.Close(); err != nil {
				panic(err)
			}
		}
	}
}

// set knows the type of a limit on this system.
func set[T int64 | uint64](limit *T, n int) { *limit = T(n) }
