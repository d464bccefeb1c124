//go:build unix

package platform

// Pipe makes a pipe, both ends of which block and are closed on exec. Neither
// has the number of a standard stream, even if that is free: who writes to
// standard error must not reach a child. EMFILE and its like: see
// IsOutOfResources.
func Pipe() (r, w int, err error) {
	ends, err := pipe()
	if err != nil {
		return -1, -1, err
	}
	for i := range ends {
		if err := lift(&ends[i]); err != nil {
			_, _ = CloseFD(ends[0]), CloseFD(ends[1])
			return -1, -1, err
		}
	}
	return ends[0], ends[1], nil
}

// lift moves a descriptor above the standard streams.
func lift(fd *int) error {
	const aboveStandardStreams = 3
	if *fd >= aboveStandardStreams {
		return nil
	}
	above, err := DupFD(*fd)
	if err != nil {
		return err
	}
	_ = CloseFD(*fd)
	*fd = above
	return nil
}
