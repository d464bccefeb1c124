package trace

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/streams"
	"github.com/tidemill-go/tidemill/protocols"
)

// ErrBoom is what a scenario's own code fails with, on purpose.
var ErrBoom = errors.New("on purpose")

// Boom panics with ErrBoom.
func Boom() { panic(ErrBoom) }

// words are the names of errors that are not the system's.
var words = []struct {
	is   error
	name string
}{
	{ErrBoom, "Boom"},
	{context.Canceled, "cancelled"}, // ErrCancelled is one
	{context.DeadlineExceeded, "timeout"},
	{os.ErrDeadlineExceeded, "timeout"},
	{protocols.ErrInvalidWatermarks, "bad-argument"},
	{protocols.ErrDataAfterClose, "tls"},
	{eventloop.ErrInvalidState, "bad-state"},
	{eventloop.ErrLoopRunning, "bad-state"},
	{eventloop.ErrLoopClosed, "bad-state"},
	{eventloop.ErrNoRunningLoop, "bad-state"},
	{eventloop.ErrNoEventLoop, "bad-state"},
	{eventloop.ErrAwaitOnLoop, "bad-state"},
	{os.ErrInvalid, "bad-argument"},
}

// Kind names an error in the words of README.md; nil stays nil. An error that
// has no word there is named by its type, which no golden knows.
func Kind(err error) any {
	if err == nil {
		return nil
	}
	// Before their errnos, which are several.
	if attempts, ok := errors.AsType[*eventloop.ConnectError](err); ok && !attempts.Alike() {
		return "multiple"
	}
	// First, because an errno such as ENOTSUP is errors.ErrUnsupported as well.
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errnoName(errno)
	}
	for _, w := range words {
		if errors.Is(err, w.is) {
			return w.name
		}
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "tls-cert"
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return "tls"
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return "resolve"
	}
	if errors.Is(err, errors.ErrUnsupported) {
		return "unsupported"
	}
	if _, ok := errors.AsType[*streams.IncompleteError](err); ok {
		return "incomplete"
	}
	if _, ok := errors.AsType[*streams.LimitError](err); ok {
		return "limit"
	}
	if _, ok := errors.AsType[*net.AddrError](err); ok {
		return "bad-argument"
	}
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return "os-error"
	}
	return fmt.Sprintf("%T", err)
}
