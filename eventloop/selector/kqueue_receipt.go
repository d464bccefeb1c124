//go:build darwin || dragonfly || freebsd || openbsd

package selector

import "golang.org/x/sys/unix"

// receipt is EV_RECEIPT: a change is answered, and no event is taken.
const receipt = unix.EV_RECEIPT
