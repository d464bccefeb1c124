package recorder

import "fmt"

// phase is how far a connection has come.
type phase int

const (
	start phase = iota
	open
	ended // EOFReceived was called
	lost
)

// flow is what the transport last said about writing.
type flow int

const (
	unpaused flow = iota
	paused
	unknown // taken over in mid-stream
)

// order is the state machine of package protocols, seen from the protocol's
// side. It returns a sentence for every call that does not fit, and goes on as
// if the call had been right.
type order struct {
	phase   phase
	flow    flow
	running []Kind
}

// enter is called before a callback's hook and leave after it.
func (o *order) enter(k Kind) (wrong []string) {
	if len(o.running) > 0 && k != Pause && k != Failed {
		wrong = append(wrong, fmt.Sprintf("%s inside %s", k, o.running[len(o.running)-1]))
	}
	o.running = append(o.running, k)
	if sentence := o.advance(k); sentence != "" {
		wrong = append(wrong, sentence)
	}
	return wrong
}

func (o *order) leave() { o.running = o.running[:len(o.running)-1] }

func (o *order) advance(k Kind) string {
	switch {
	case o.phase == lost:
		return fmt.Sprintf("%s after lost", k)
	case k == Made && o.phase == start:
		o.phase = open
		return ""
	case k == Made:
		return "made twice"
	case o.phase == start:
		o.phase = open
		o.step(k)
		return fmt.Sprintf("%s before made", k)
	default:
		return o.step(k)
	}
}

// step takes what may happen between made and lost.
func (o *order) step(k Kind) string {
	switch k {
	case Pause, Resume:
		return o.turn(k)
	case Lost:
		o.phase = lost
		return ""
	}
	if o.phase == ended {
		return fmt.Sprintf("%s after eof", k)
	}
	if k == EOF {
		o.phase = ended
	}
	return ""
}

func (o *order) turn(k Kind) string {
	before := o.flow
	if k == Pause {
		o.flow = paused
	} else {
		o.flow = unpaused
	}
	switch {
	case before != o.flow:
		return ""
	case k == Pause:
		return "pause while paused"
	default:
		return "resume without pause"
	}
}
