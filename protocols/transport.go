package protocols

import (
	"crypto/tls"
	"net"
)

// A Transport moves the bytes of one connection. Everything but the addresses
// belongs to the goroutine of the loop that it was made on; debug mode checks
// that. After ConnectionLost all methods are harmless.
type Transport interface {
	BaseTransport
	ReadTransport
	WriteTransport

	// SetProtocol makes p hear all later events, ConnectionLost included;
	// ConnectionMade is not called. The next read is done in p's style. A nil p
	// panics.
	SetProtocol(p Protocol)

	// Protocol returns the protocol in use, nil once ConnectionLost has returned.
	Protocol() Protocol
}

// BaseTransport is what every kind of transport has.
type BaseTransport interface {
	// Close stops reading at once, sends what is buffered, and then calls
	// ConnectionLost(nil). Unread input makes the kernel reset the connection
	// instead of ending it. Closing again does nothing; the error is always nil.
	Close() error

	// Abort closes without sending what is buffered: ConnectionLost(nil) comes
	// in a later callback, also when a Close is still flushing.
	Abort()

	// IsClosing reports whether Close or Abort was called or an error has ended
	// the connection. Coalesced writes are offered to the kernel first, so that
	// the answer covers them.
	IsClosing() bool

	// ExtraInfo returns what is known under a name, nil if nothing is:
	//
	//	"socket"    *platform.Socket, the descriptor's restricted view
	//	"sockname"  net.Addr, as LocalAddr
	//	"peername"  net.Addr, as RemoteAddr
	//	"pipe"      *platform.Descriptor of a pipe, which has none of the others
	//	"peercred"  platform.Credentials of a Unix stream's peer, while it is open
	//
	// TLS has those of the transport below it, and:
	//
	//	"tls.Config"          *tls.Config, the configuration in use
	//	"tls.ConnectionState" tls.ConnectionState, as ConnectionState
	ExtraInfo(name string) any

	// LocalAddr and RemoteAddr are taken when the connection is made and stay
	// after it is lost. They may be called from any goroutine.
	LocalAddr() net.Addr
	RemoteAddr() net.Addr

	// ConnectionState returns the state of TLS, and false on a plain transport,
	// before the handshake is over and after ConnectionLost has returned.
	ConnectionState() (tls.ConnectionState, bool)
}

// ReadTransport is the receiving half of a transport.
type ReadTransport interface {
	// PauseReading stops delivery at once, also inside DataReceived; neither
	// data nor the end of input nor a reset is noticed until ResumeReading.
	// Pausing when paused or closing does nothing.
	PauseReading()

	// ResumeReading makes the loop deliver again; it delivers nothing itself.
	ResumeReading()

	// IsReading reports whether the transport is neither paused nor closing.
	IsReading() bool
}

// WriteTransport is the sending half of a transport.
type WriteTransport interface {
	// Write sends b or buffers what the kernel does not take; it never blocks,
	// never writes short and does not keep b. What one callback writes leaves
	// together when that callback returns, or at once when 16 KiB are pending
	// or the high-water mark would be crossed.
	//
	// It returns len(b), nil when b was accepted, also after Close while earlier
	// bytes are still queued; 0, net.ErrClosed when b was dropped because the
	// transport is closed or its connection lost; 0, ErrInvalidState after
	// WriteEOF, even if b is empty. A failed send is not reported here but by
	// ConnectionLost.
	Write(b []byte) (int, error)

	// WriteBuffers is one Write of the concatenation of bufs, which it leaves
	// as they are.
	WriteBuffers(bufs net.Buffers) (int64, error)

	// WriteEOF closes the sending half once everything buffered is sent; the
	// transport goes on receiving. Again, or after Close, it does nothing. Where
	// CanWriteEOF is false it returns an error that is errors.ErrUnsupported.
	WriteEOF() error

	// CanWriteEOF reports whether WriteEOF is supported.
	CanWriteEOF() bool

	// SetWriteBufferLimits sets the marks of flow control and calls PauseWriting
	// if the buffer is over the new high one. It never resumes. Marks that break
	// High >= Low >= 0 are refused and the old ones stay.
	SetWriteBufferLimits(w Watermarks) error

	// WriteBufferLimits returns the marks in bytes.
	WriteBufferLimits() Watermarks

	// WriteBufferSize returns the number of bytes that the kernel has not taken.
	// Coalesced writes are offered to it first.
	WriteBufferSize() int
}

// CloseWriter is implemented by transports that can end their sending half
// although they have no half-close: those of TLS. WriteEOF is refused there,
// because most peers take the end of one half for the end of both.
type CloseWriter interface {
	// CloseWrite sends what is buffered and then the end of output (close_notify,
	// RFC 8446, 6.1); the transport goes on receiving. Write returns
	// ErrInvalidState from then on. Again, or after Close, it does nothing.
	CloseWrite() error
}
