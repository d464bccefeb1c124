package selector

// MaxSockets is how many sockets select's sets have room for.
const MaxSockets = maxSockets

// AcceptFrom is how the pair of sockets that wakes select finds itself.
var AcceptFrom = acceptFrom
