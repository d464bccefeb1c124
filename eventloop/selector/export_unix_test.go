//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package selector

// PollTellsEnd says whether this system's poll knows an end of one direction.
const PollTellsEnd = pollEnd != 0

// SetSize is how many descriptors select's sets have room for.
const SetSize = setSize
