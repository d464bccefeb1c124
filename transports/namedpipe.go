package transports

import (
	"errors"
	"fmt"
)

// isPipe reports whether the stream is a connection through a named pipe of
// Windows: a stream with both directions and one end, and no socket.
func (s *Stream) isPipe() bool { return s.names.kind == File }

// pipeInfo is ExtraInfo of a named pipe. "addr" is asyncio's word for its name.
func (s *Stream) pipeInfo(name string) any {
	switch name {
	case "pipe":
		return &s.names.view().Descriptor
	case "addr":
		return s.names.remote.Path()
	case "sockname":
		return nilable(s.LocalAddr())
	case "peername":
		return nilable(s.RemoteAddr())
	}
	return nil
}

// noHalf is what a transport says to a WriteEOF that it has no half to end for.
func noHalf(method string) error {
	return fmt.Errorf("%w: %s on a named pipe, which has one end for both directions", errors.ErrUnsupported, method)
}
