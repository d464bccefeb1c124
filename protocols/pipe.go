package protocols

// A ReadPipe is the transport of the reading end of a pipe, FIFO, terminal or
// the like. It calls the same Protocol as a stream does, which is handed the
// pipe as a Transport: what only a sending half has is then refused with an
// error that is errors.ErrUnsupported, or empty.
//
// At the end of input the pipe is closing at once: EOFReceived and
// ConnectionLost(nil) follow, each as a callback of its own, whatever
// EOFReceived answers. Close and Abort are the same.
type ReadPipe interface {
	BaseTransport
	ReadTransport

	// SetProtocol and Protocol are as a Transport's.
	SetProtocol(p Protocol)
	Protocol() Protocol
}

// A WritePipe is the transport of the writing end. It never calls DataReceived
// or EOFReceived, and pausing its input does nothing.
//
// It differs from a stream in three ways. WriteEOF is Close. Whatever is written
// after Close is dropped, also while earlier bytes are still queued. And that
// the reader is gone is noticed without a write: ConnectionLost(nil) if nothing
// is buffered, EPIPE otherwise. (Character devices do not tell, and then a write
// does.) On a socket, input counts as such an end: give none that carries any.
type WritePipe interface {
	BaseTransport
	WriteTransport

	// SetProtocol and Protocol are as a Transport's.
	SetProtocol(p Protocol)
	Protocol() Protocol
}
