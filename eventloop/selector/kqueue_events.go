package selector

// A finding is what the kernel reports of one filter of one descriptor.
type finding struct {
	FD     int
	Filter filter

	// Refused is EV_ERROR's: a change was not made.
	Refused error

	// EOF is EV_EOF: there is an end behind the data, or nobody takes any more.
	EOF bool

	// Pending says that EV_EOF brought the socket's error with it.
	Pending bool
}

// collect makes an event of a finding, or adds it to the descriptor's event of
// this round.
func (k *kqueueSelector) collect(f finding) {
	n := k.note(f.FD)
	if n == nil || f.Refused != nil {
		return
	}
	k.report(f.FD, n.ready(f))
	if n.writeOnly && f.EOF && n.in&(Write|Edge) == 0 {
		k.last(f.FD, n.endOfWriting()) // what tells of it is an edge
	}
}

// ready says a finding in our words.
//
// EV_EOF on a reading filter is the peer's end, with or without data before it.
// On a writing filter it says that nothing can be sent any more: the peer has
// gone altogether, has reset, a pipe has no reader. The peer of a TCP connection
// that has only shut down its sending half does not cause it.
func (n *note) ready(f finding) (bits Ready) {
	switch {
	case n.writeOnly && (f.EOF || f.Pending):
		return n.endOfWriting()
	case f.Filter == readFilter && n.writeOnly:
		return 0
	case f.Filter == readFilter && n.in&Read != 0:
		bits = Readable
		if f.EOF {
			bits |= Ended
		}
		if n.in&Edge != 0 {
			// kqueue does not say whether an urgent mark cuts the read short.
			bits |= Urgent
		}
	case f.Filter == writeFilter && n.in&Write != 0:
		bits = Writable
		if f.EOF {
			bits |= Failed
		}
	}
	if bits != 0 && f.Pending {
		bits |= Failed
	}
	return bits
}

// endOfWriting is what there is to say of a pipe without readers. A write fails
// at once, so it is writable too, for who has asked.
func (n *note) endOfWriting() Ready {
	if n.in&Write != 0 {
		return Failed | Writable
	}
	return Failed
}

// everything is what a descriptor that is always ready is ready for.
func (n *note) everything() (bits Ready) {
	if n.in&Read != 0 {
		bits = Readable
	}
	if n.in&Write != 0 {
		bits |= Writable
	}
	return bits
}

// report adds to a descriptor's event of this round, which is made if need be.
func (k *kqueueSelector) report(fd int, bits Ready) {
	n := &k.notes[fd]
	switch {
	case bits == 0:
	case n.round == k.round:
		k.events[n.event].Ready |= bits
	default:
		n.round, n.event = k.round, int32(len(k.events))
		k.events = append(k.events, Event{Tag: n.tag, Ready: bits})
	}
}

// repeat reports what the kernel has said for good: at each Wait, as long as
// nobody asks for edges.
func (k *kqueueSelector) repeat() {
	for i := 0; i < len(k.standing); {
		fd := k.standing[i]
		n := &k.notes[fd]
		k.report(fd, n.lasting)
		if n.in&Edge != 0 {
			k.settle(fd) // the last one comes to its place
			continue
		}
		i++
	}
}
