package streams

// feed is given what was received. A task that waits for more than that is left
// alone, and then there is no reason to pause.
func (r *StreamReader) feed(data []byte) {
	r.in.add(data)
	if r.waiter != nil {
		if r.in.len() < r.want {
			return
		}
		r.waiter.Wake()
	}
	if !r.paused && (r.single || r.in.len() > 2*r.limit) {
		r.paused = true
		r.source.PauseReading()
	}
}

// feedEOF says that no more will come.
func (r *StreamReader) feedEOF() {
	r.eof = true
	r.wake()
}

// fail is the end of the connection; without an error it is the end of input.
func (r *StreamReader) fail(err error) {
	r.paused = false // there is nothing to resume any more
	if r.err == nil {
		r.err = err
	}
	r.feedEOF()
}

func (r *StreamReader) wake() {
	if r.waiter != nil {
		r.waiter.Wake()
	}
}
