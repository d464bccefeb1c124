package transports

// PauseAccepting leaves connections to the kernel's queue from now on, also
// those of the batch that is being accepted. Pausing again does nothing.
func (l *Listener) PauseAccepting() {
	if !l.held && !l.closed {
		l.held = true
		l.host.Driver().Read(l.handle, false)
	}
}

// ResumeAccepting takes PauseAccepting back; otherwise it does nothing. A pause
// after an error lasts as long as it would have.
func (l *Listener) ResumeAccepting() {
	if !l.held || l.closed {
		return
	}
	l.held = false
	if l.resume == nil {
		l.host.Driver().Read(l.handle, true)
	}
}
