package transports

import (
	"time"

	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
)

// acceptPause is how long accepting rests after an error (contract G28): long
// enough not to burn a core, short enough not to be noticed by a person.
const acceptPause = time.Second

// A Listener accepts connections of one listening descriptor and makes streams
// of them. Errors belong to the peer or to the moment, never to the listener:
// it goes on until Close.
type Listener struct {
	host    Host
	handle  Handle
	cfg     ListenerConfig
	local   platform.Sockaddr
	shared  *platform.Sockaddr // local, if connections have the same one
	socket  *platform.Socket
	resume  func() // cancels the pause
	closed  bool
	held    bool // by PauseAccepting
	pauses  uint64
	accepts uint64
}

// ListenerConfig is what a listener makes of its connections.
type ListenerConfig struct {
	// Factory makes the protocol of each connection, before its transport. If
	// it panics or returns nil the connection is closed.
	Factory func() protocols.Protocol
	Kind    Kind
	// Local is what the descriptor is bound to; the zero value: asked for.
	Local platform.Sockaddr
	// Socket is the view of the descriptor, released by Close; nil: made.
	Socket            *platform.Socket
	WriteBufferLimits protocols.Watermarks
	Hooks             *Hooks
}

// Listen starts accepting on a listening, non-blocking descriptor, which
// belongs to the listener from the call on, also if it fails.
func Listen(host Host, fd int, cfg ListenerConfig) (*Listener, error) {
	local, err := cfg.Local, error(nil)
	if !local.IsValid() {
		if local, err = platform.LocalName(fd); err != nil {
			platform.CloseFD(fd)
			return nil, err
		}
	}
	if cfg.Socket == nil {
		cfg.Socket = platform.NewSocket(fd)
	}
	l := &Listener{host: host, cfg: cfg, local: local, socket: cfg.Socket}
	if !local.AddrPort().Addr().IsUnspecified() {
		l.shared = &l.local
	}
	if l.handle, err = host.Driver().Listen(fd, l.accepted); err != nil {
		l.socket.Release()
		return nil, err
	}
	return l, nil
}

// Addr is the address that the listener is bound to.
func (l *Listener) Addr() platform.Sockaddr { return l.local }

// Socket is the restricted view of the listening descriptor.
func (l *Listener) Socket() *platform.Socket { return l.socket }

// Counts returns how many connections were accepted and how often accepting
// had to pause.
func (l *Listener) Counts() (accepted, pauses uint64) { return l.accepts, l.pauses }

// Close stops accepting and closes the descriptor. Connections that the kernel
// has completed and nobody has accepted are reset by it (G21). Closing again
// does nothing.
func (l *Listener) Close() {
	if l.closed {
		return
	}
	l.closed = true
	if l.resume != nil {
		l.resume()
	}
	l.socket.Release()
	l.host.Driver().Close(l.handle)
}

func (l *Listener) accepted(fd int, peer platform.Sockaddr, err error) {
	if err != nil {
		l.pause(err)
		return
	}
	l.accepts++
	p, err := l.protocol()
	if err != nil {
		platform.CloseFD(fd)
		if l.host.Debug() {
			l.host.Report(Failure{Message: "protocol factory failed for an accepted connection", Err: err, Socket: l.socket})
		}
		return
	}
	if l.cfg.Kind == TCP {
		// A descriptor whose peer is gone already refuses the option; its first
		// read will tell.
		_ = platform.SetNoDelay(fd, true)
	}
	if l.local.IsPipe() {
		peer = l.local // both ends have the name
	}
	_, err = NewStream(l.host, fd, p, StreamConfig{
		Kind: l.cfg.Kind, Local: l.shared, Remote: peer,
		WriteBufferLimits: l.cfg.WriteBufferLimits, Hooks: l.cfg.Hooks,
	})
	if err != nil {
		l.host.Report(Failure{Message: "accepted connection dropped", Err: err, Socket: l.socket})
	}
}

// protocol calls the factory; a panic is the connection's end, not the server's
// (G26).
func (l *Listener) protocol() (p protocols.Protocol, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = future.NewPanicError(v)
		}
	}()
	if p = l.cfg.Factory(); p == nil {
		return nil, errNilProtocol
	}
	return p, nil
}

// pause rests after an error and resumes once. The kernel gives no new event
// for connections that already wait, so it must be asked again explicitly.
func (l *Listener) pause(err error) {
	l.pauses++
	message := "accept failed"
	if platform.IsOutOfResources(err) {
		message = "accept is out of descriptors or memory, pausing"
	}
	l.resume = l.host.CallLater(acceptPause, func() {
		l.resume = nil
		if !l.held {
			l.host.Driver().Read(l.handle, true)
		}
	})
	l.host.Report(Failure{Message: message, Err: err, Socket: l.socket})
}
