//go:build darwin || dragonfly || netbsd || openbsd

package selector

// pollEnd is nothing here: an end of one direction is merely readable.
const pollEnd = 0
