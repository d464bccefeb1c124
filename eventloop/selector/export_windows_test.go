package selector

// MaxSockets is how many sockets select's sets have room for.
const MaxSockets = maxSockets

// AcceptFrom is how the pair of sockets that wakes select finds itself.
var AcceptFrom = acceptFrom

// WithWakeSocket calls f while fd stands in for the socket that wakes s. To close
// that one instead would be to close whatever has its number by the end.
func WithWakeSocket(s Selector, fd int, f func()) {
	wake := &s.(*selectSelector).wake
	r := wake.r
	defer func() { wake.r = r }()
	wake.r = fd
	f()
}
