//go:build unix

package trace

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// UseUpDescriptors lets the process have few descriptors, opens files until
// there are none left, and returns what gives those back.
func UseUpDescriptors(few int) (giveBack func()) {
	limit := unix.Rlimit{}
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		panic(err)
	}
	set(&limit.Cur, few)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		panic(err)
	}
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
