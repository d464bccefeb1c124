//go:build linux || freebsd

package selector

import (
	"golang.org/x/sys/unix"
)

// pollEnd is the peer's end of sending. It is not reported unless asked for.
const pollEnd = unix.POLLRDHUP
