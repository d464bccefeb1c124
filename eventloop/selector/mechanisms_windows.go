package selector

// Windows has select for sockets only, which needs a way of its own to wake: a
// pipe can not be waited for there.
var mechanisms = []Mechanism{}
