package transports

import (
	"crypto/tls"
	"net"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
)

// Stream is the transport of a connected byte stream. It belongs to the
// goroutine of its host's loop.
type Stream struct {
	host     Host
	driver   mover
	handle   Handle
	protocol protocols.Protocol
	buffered protocols.BufferedProtocol // protocol, if it is one
	out      *output                    // nil while nothing is buffered
	marks    protocols.Watermarks
	state    state
	dropped  uint32 // writes after the end
	hooks    *Hooks
	names    names
}

var (
	_ protocols.Transport = (*Stream)(nil)
	_ Sink                = (*Stream)(nil)
	_ Flusher             = (*Stream)(nil)
	_ Orphan              = (*Stream)(nil)
)

// state is a set of facts about a stream.
type state uint32

const (
	isMade       state = 1 << iota // ConnectionMade has been called
	isClosing                      // no input any more
	isLost                         // ConnectionLost is scheduled
	isDone                         // ConnectionLost has returned
	inputPaused                    // by PauseReading
	inputOver                      // the driver has reported the end
	writerPaused                   // by PauseWriting
	resumeSoon                     // ResumeWriting is scheduled
	flushSoon                      // the host will call Flush
	sending                        // a Send is outstanding
	eofWanted                      // WriteEOF was called
	eofSent
	reserved    // the output is a Reservation's
	awaited     // the Reservation waits for Ready
	inputRests  // paused by Reserve, and to be resumed after it
	switched    // SetProtocol was called
	receivesEOF // the protocol is an EOFReceiver
	controlsFlow
	hangsUp // it is a terminal: EIO while writing is no end, one will be read
	layered // the driver is a layer
	mute    // closing, and past the last byte that can be sent
)

func (s *Stream) is(f state) bool { return s.state&f != 0 }

// mover is what a stream needs of its driver once that has the descriptor.
type mover interface {
	Read(h Handle, on bool)
	TrySend(h Handle, b []byte) (int, error)
	Send(h Handle, b []byte) (n int, err error)
	CloseWrite(h Handle) error
	Close(h Handle)
	Settle()
}

// A layer is a mover over another transport: TLS. It has a part in what the
// stream has sent and in how it ends.
type layer interface {
	mover

	// held is how many bytes the layer has taken and the kernel has not.
	held() int

	// shutdown goes on with the end, once everything is sent after Close; it may
	// be called again.
	shutdown()

	// abandon ends the transport below; ConnectionLost comes from there.
	abandon(cause error)
}

func (s *Stream) layer() layer { return s.driver.(layer) }

// Hooks are what the maker of streams wants to hear of them. Each may be nil.
// They are also where a stream keeps what few streams have: a stream that needs
// it has Hooks of its own.
type Hooks struct {
	// Opened is called once a stream is there, before ConnectionMade.
	Opened func(*Stream)
	// Made is called when ConnectionMade has returned or failed, before the
	// first byte is read.
	Made func(*Stream)
	// Closing is called when ConnectionLost has returned or failed, right before
	// the descriptor is closed.
	Closing func(*Stream)
	// Lost is called when ConnectionLost has returned or failed and the
	// descriptor is closed.
	Lost func(*Stream)

	outer       protocols.Transport // what the stream is part of
	reservation Reservation
	before      *Hooks // of a stream that is reserved
}

// StreamConfig is how a stream begins.
type StreamConfig struct {
	Kind   Kind
	Local  *platform.Sockaddr // shared by streams of one listener; nil: asked for when needed
	Remote platform.Sockaddr
	// WriteBufferLimits are the first marks; the zero value means the defaults.
	WriteBufferLimits protocols.Watermarks
	Hooks             *Hooks
}

// Hooked reports whether h are the stream's hooks.
func (s *Stream) Hooked(h *Hooks) bool {
	return s.hooks == h || s.hooks != nil && s.hooks.before == h
}

// NewStream makes a transport of a connected, non-blocking descriptor, which
// belongs to it from the call on, also if it fails. ConnectionMade is called in
// the next iteration.
func NewStream(host Host, fd int, p protocols.Protocol, cfg StreamConfig) (*Stream, error) {
	s := new(Stream)
	if err := s.open(host, fd, p, &cfg, s); err != nil {
		return nil, err
	}
	return s, nil
}

// open makes s a transport, whose events go to sink: s itself, or what it is
// part of.
func (s *Stream) open(host Host, fd int, p protocols.Protocol, cfg *StreamConfig, sink Sink) error {
	marks, err := cfg.WriteBufferLimits.Resolve()
	if err != nil {
		platform.CloseFD(fd)
		return err
	}
	s.host, s.driver, s.marks, s.hooks = host, host.Driver(), marks, cfg.Hooks
	s.names.begin(fd, cfg)
	s.SetProtocol(p)
	if s.handle, err = host.Driver().Open(fd, cfg.Kind, sink); err != nil {
		s.names.fd.Store(-1)
		return s.opError("open", err)
	}
	if s.hooks != nil && s.hooks.Opened != nil {
		s.hooks.Opened(s)
	}
	host.CallSoon(s.connectionMade)
	return nil
}

// self is the transport as the program knows it.
func (s *Stream) self() protocols.Transport {
	if s.hooks != nil && s.hooks.outer != nil {
		return s.hooks.outer
	}
	return s
}

// connectionMade starts reading even if the protocol panics (contract D29), and
// only after it has returned: a PauseReading in it holds back everything (D3).
func (s *Stream) connectionMade() {
	defer func() {
		s.state |= isMade
		if s.hooks != nil && s.hooks.Made != nil {
			// Whoever it tells waits for the next callback, and the first byte
			// for the one after that (D4).
			s.hooks.Made(s)
			s.host.CallSoon(s.beginReading)
			return
		}
		s.beginReading()
	}()
	s.protocol.ConnectionMade(s.self())
}

func (s *Stream) beginReading() {
	if !s.is(inputPaused | inputOver | isClosing) {
		s.driver.Read(s.handle, true)
	}
}

// SetProtocol implements protocols.Transport. The optional interfaces are
// looked for here and never again.
func (s *Stream) SetProtocol(p protocols.Protocol) {
	if p == nil {
		panic("SetProtocol of a nil protocol")
	}
	if s.mustBeOnLoop("SetProtocol"); s.is(isDone) {
		return
	}
	s.protocol = p
	s.buffered, _ = p.(protocols.BufferedProtocol)
	s.state = s.state&^(receivesEOF|controlsFlow) | switched
	if _, ok := p.(protocols.EOFReceiver); ok {
		s.state |= receivesEOF
	}
	if _, ok := p.(protocols.FlowController); ok {
		s.state |= controlsFlow
	}
}

// Protocol implements protocols.Transport.
func (s *Stream) Protocol() protocols.Protocol { return s.protocol }

// IsClosing implements protocols.Transport.
func (s *Stream) IsClosing() bool {
	s.mustBeOnLoop("IsClosing")
	s.offer()
	return s.is(isClosing)
}

// ExtraInfo implements protocols.Transport.
func (s *Stream) ExtraInfo(name string) any {
	if s.isPipe() {
		return s.pipeInfo(name)
	}
	switch name {
	case "socket":
		return s.names.view()
	case "sockname":
		return nilable(s.LocalAddr())
	case "peername":
		return nilable(s.RemoteAddr())
	case "peercred":
		return s.names.peerCredentials()
	}
	return nil
}

func nilable(a net.Addr) any {
	if a == nil {
		return nil
	}
	return a
}

// LocalAddr implements protocols.Transport.
func (s *Stream) LocalAddr() net.Addr { return s.names.localAddr() }

// RemoteAddr implements protocols.Transport.
func (s *Stream) RemoteAddr() net.Addr { return s.names.remoteAddr() }

// ConnectionState implements protocols.Transport: a stream has no TLS.
func (s *Stream) ConnectionState() (tls.ConnectionState, bool) {
	return tls.ConnectionState{}, false
}
