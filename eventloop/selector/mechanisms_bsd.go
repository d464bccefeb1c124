//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package selector

// Best first: kqueue costs what is ready, poll and select what is registered, and
// select has no room for large descriptor numbers.
var mechanisms = []Mechanism{
	{Name: "kqueue", New: newKqueue},
	{Name: "poll", New: newPoll},
	{Name: "select", New: newSelect},
}
