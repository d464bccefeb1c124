package protocols

// Protocol is what a stream transport calls. All methods are called on the
// loop's goroutine. A panic in DataReceived ends the connection with that panic
// as a *PanicError; a panic in ConnectionMade or ConnectionLost is only reported
// to the loop's exception handler (contract D29 to D31).
type Protocol interface {
	// ConnectionMade is called once, before anything else, one iteration after
	// the transport was made. Reading starts only after it has returned, so that
	// a PauseReading made here holds back everything.
	ConnectionMade(t Transport)

	// DataReceived is given what one receive call returned, never nothing. The
	// slice belongs to the transport: it is valid until DataReceived returns.
	DataReceived(data []byte)

	// ConnectionLost is called once, last, in a callback of its own. err is nil
	// after Close, Abort and a regular end of input; otherwise the cause. The
	// descriptor is still open while it runs.
	ConnectionLost(err error)
}

// EOFReceiver is implemented by protocols that want to know when the peer has
// closed its sending half.
type EOFReceiver interface {
	// EOFReceived is called at most once, after the last DataReceived. If
	// keepOpen is false the transport closes as by Close, flushing its buffer
	// first; if true it stays writable until Close.
	EOFReceived() (keepOpen bool)
}

// FlowController is implemented by protocols that can stop writing.
type FlowController interface {
	// PauseWriting is called when the write buffer grows over the high-water
	// mark, strictly, inside the call that made it grow.
	PauseWriting()

	// ResumeWriting is called by the loop when the buffer has shrunk to the
	// low-water mark or below. It may write, and be paused again.
	ResumeWriting()
}

// BufferedProtocol is implemented by protocols that receive into memory of
// their own. DataReceived is then not called.
type BufferedProtocol interface {
	// GetBuffer returns the memory to receive into. sizeHint is the number of
	// bytes that wait, or -1 when that is not known; any size but zero will do.
	// An empty buffer ends the connection with ErrInvalidState.
	GetBuffer(sizeHint int) []byte

	// BufferUpdated says that n bytes, at least one, were put at the beginning
	// of the buffer that the last GetBuffer returned.
	BufferUpdated(n int)
}

// Factory adapts a constructor of a concrete type to what servers and
// connections take: protocols.Factory(newEcho) for newEcho func() *echo. A nil
// constructor stays nil, so that it is refused like any nil factory.
func Factory[P Protocol](construct func() P) func() Protocol {
	if construct == nil {
		return nil
	}
	return func() Protocol { return construct() }
}
