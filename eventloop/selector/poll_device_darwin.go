package selector

import "golang.org/x/sys/unix"

// refusesDevice reports whether poll takes an open descriptor for a closed one, as
// macOS does with /dev/tty and other devices. It would be reported Failed for ever.
func refusesDevice(fd int) bool {
	probe := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	_, err := unix.Poll(probe, 0)
	return err == nil && probe[0].Revents&unix.POLLNVAL != 0
}
