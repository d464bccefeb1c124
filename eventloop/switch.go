package eventloop

// A Switch is a choice whose zero value leaves it to the system.
type Switch uint8

// The positions of a Switch.
const (
	SystemDefault Switch = iota
	On
	Off
)

// or returns what is chosen, and byDefault if nothing is.
func (s Switch) or(byDefault bool) bool {
	if s == SystemDefault {
		return byDefault
	}
	return s == On
}
