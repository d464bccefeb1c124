//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package selector

// Best first: both cost what is registered, and select has no room for large
// descriptor numbers.
var mechanisms = []Mechanism{
	{Name: "poll", New: newPoll},
	{Name: "select", New: newSelect},
}
