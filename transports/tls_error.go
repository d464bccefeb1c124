package transports

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/tidemill-go/tidemill/platform"
)

// tlsTimeout is a peer that takes too long. It is os.ErrDeadlineExceeded.
type tlsTimeout struct {
	what  string
	after time.Duration
	cause error // ECONNABORTED during the handshake, as in asyncio (contract N5)
}

func (e *tlsTimeout) Error() string        { return fmt.Sprintf("%s is not over after %v", e.what, e.after) }
func (e *tlsTimeout) Timeout() bool        { return true }
func (e *tlsTimeout) Is(target error) bool { return target == os.ErrDeadlineExceeded }
func (e *tlsTimeout) Unwrap() error        { return e.cause }

// handshakeError is what a failed handshake is called. An end of the connection
// is a reset for whoever waits for the handshake (contract N4).
func (t *TLS) handshakeError(err error) error {
	if header, ok := err.(tls.RecordHeaderError); ok {
		// The connection in it is the one in memory, which is of no use to anybody.
		header.Conn = nil
		err = header
	}
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("the peer has hung up: %w", platform.ECONNRESET)
	}
	return t.tlsError("handshake", err)
}
