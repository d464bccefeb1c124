package transports

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/tidemill-go/tidemill/protocols"
)

// TLS is a transport that encrypts: a protocol of the transport below it, and the
// transport of the protocol above. It belongs to the goroutine of its host's
// loop.
//
// The record layer is the unmodified tls.Conn of crypto/tls, over a connection in
// memory, and for the stream above it is what a driver is for others: it moves
// bytes. So buffering, flow control, pausing, switching protocols and
// ConnectionLost exactly once are those of every Stream. What differs is that
// there is no half-close (WriteEOF), that Close exchanges close_notify with the
// peer before it ends, and that ConnectionMade waits for the handshake.
//
// A TLS goes through these states, left to right only:
//
//	new -> handshaking -> open -> [closing ->] lost -> done
//
// A handshake that fails goes from handshaking to done: the protocol hears
// nothing.
type TLS struct {
	stream
	rare  Hooks
	cfg   TLSConfig
	below protocols.Transport
	conn  *tls.Conn
	shake handshaker // nil before and after the handshake
	facts tlsFacts

	records records // what has come from below
	out     []byte  // what crypto/tls writes during a call
	flight  []byte  // of a Send that waits for the transport below
	answers int     // bytes that crypto/tls has written unasked, and that wait below

	plain []byte // decrypted, and held back
	end   error  // of the input, behind plain
	cause error  // of the end; the first one

	timer func() // cancels the timeout of the handshake or of the shutdown
	left  int    // buffered when the timer was set
}

// tlsFacts is a set of facts about a TLS that a Stream has no word for.
type tlsFacts uint16

const (
	opened      tlsFacts = 1 << iota // the handshake has succeeded
	failed                           // it has not
	upgraded                         // the protocol was connected before, in clear text
	begun                            // the protocol knows the connection
	wantsInput                       // the stream above takes input
	clogged                          // the transport below has bytes that the kernel has not
	deaf                             // the peer has to take answers before it is read from
	deliverSoon                      // deliverHeld is scheduled
	peerEnded                        // the peer's close_notify has come, or the end of what is below
	notified                         // ours is sent
	closesBelow                      // Close of the transport below was called
	lostBelow                        // its ConnectionLost has come
)

func (t *TLS) has(f tlsFacts) bool { return t.facts&f != 0 }

// TLSConfig is how a TLS begins.
type TLSConfig struct {
	// Config is the configuration of crypto/tls, which is never changed. A
	// client's must have Renegotiation at its zero value (contract N36).
	Config *tls.Config

	// Server says which side of the handshake this is.
	Server bool

	// HandshakeTimeout and ShutdownTimeout are how long the peer may take; zero
	// means DefaultHandshakeTimeout and DefaultShutdownTimeout.
	HandshakeTimeout time.Duration
	ShutdownTimeout  time.Duration

	// InExecutor runs the handshake on a goroutine of the executor: for a Config
	// whose callbacks block.
	InExecutor bool

	// WriteBufferLimits are the first marks; the zero value means the defaults.
	WriteBufferLimits protocols.Watermarks

	// Made is called when ConnectionMade has returned or failed, before the first
	// byte is delivered. It may be nil, and so may Failed, which is called
	// instead when the handshake has failed or was given up: then Made and the
	// protocol are never called.
	Made   func(*TLS)
	Failed func(error)
}

const (
	// DefaultHandshakeTimeout and DefaultShutdownTimeout are asyncio's.
	DefaultHandshakeTimeout = 60 * time.Second
	DefaultShutdownTimeout  = 30 * time.Second
)

var (
	_ protocols.Transport   = (*TLS)(nil)
	_ protocols.CloseWriter = (*TLS)(nil)
	_ Sink                  = (*TLS)(nil)
)

// NewTLS makes a TLS under p. The handshake begins when Lower, which is to be
// the protocol of the transport below, gets its ConnectionMade.
func NewTLS(host Host, p protocols.Protocol, cfg TLSConfig) (*TLS, error) {
	marks, err := cfg.WriteBufferLimits.Resolve()
	if err != nil {
		return nil, err
	}
	if cfg.HandshakeTimeout == 0 {
		cfg.HandshakeTimeout = DefaultHandshakeTimeout
	}
	if cfg.ShutdownTimeout == 0 {
		cfg.ShutdownTimeout = DefaultShutdownTimeout
	}
	t := &TLS{cfg: cfg}
	t.host, t.marks, t.hooks = host, marks, &t.rare
	t.driver = (*tlsMover)(t)
	t.rare.outer = t
	t.names.fd.Store(-1)
	t.SetProtocol(p)
	t.state |= layered
	return t, nil
}

// Lower is the protocol of the transport below: it implements EOFReceiver and
// FlowController.
func (t *TLS) Lower() protocols.Protocol { return (*lower)(t) }

// Uppermost returns the transport that a program has of a connection: t, or the
// TLS that is its protocol.
func Uppermost(t protocols.Transport) protocols.Transport {
	for {
		l, ok := t.Protocol().(*lower)
		if !ok {
			return t
		}
		t = (*TLS)(l)
	}
}

// ExtraInfo implements protocols.BaseTransport: what is not about TLS is known
// below.
func (t *TLS) ExtraInfo(name string) any {
	switch name {
	case "tls.Config":
		return t.cfg.Config
	case "tls.ConnectionState":
		if s, ok := t.ConnectionState(); ok {
			return s
		}
		return nil
	}
	return t.below.ExtraInfo(name)
}

// ConnectionState implements protocols.BaseTransport: false before the end of the
// handshake, and after ConnectionLost. While the handshake is suspended tls.Conn
// must not be asked: it holds its own lock.
func (t *TLS) ConnectionState() (tls.ConnectionState, bool) {
	if !t.has(opened) || t.conn == nil {
		return tls.ConnectionState{}, false
	}
	return t.conn.ConnectionState(), true
}

// LocalAddr implements protocols.BaseTransport.
func (t *TLS) LocalAddr() net.Addr { return t.below.LocalAddr() }

// RemoteAddr implements protocols.BaseTransport.
func (t *TLS) RemoteAddr() net.Addr { return t.below.RemoteAddr() }

// String names the transport in logs.
func (t *TLS) String() string { return fmt.Sprintf("tls over %v", t.below) }

// WriteEOF is refused: the peers of asyncio's contract (N10) take an end of one
// half for the end. A program that knows better has CloseWrite.
func (t *TLS) WriteEOF() error {
	if err := t.offLoop("WriteEOF"); err != nil {
		return err
	}
	t.offer()
	return fmt.Errorf("%w: WriteEOF under TLS; CloseWrite ends one half", errors.ErrUnsupported)
}

// CanWriteEOF returns false.
func (t *TLS) CanWriteEOF() bool { return false }

// CloseWrite implements protocols.CloseWriter: close_notify follows what is
// buffered, and reading goes on.
func (t *TLS) CloseWrite() error { return t.stream.WriteEOF() }

// tlsError gives a failure of the TLS itself the shape that package net gives it.
func (t *TLS) tlsError(op string, err error) error {
	if e, ok := err.(*net.OpError); ok && e.Op == op {
		return err
	}
	failure := &net.OpError{Op: op, Net: t.names.network(), Err: err}
	if t.below != nil {
		failure.Source, failure.Addr = t.below.LocalAddr(), t.below.RemoteAddr()
	}
	return failure
}
