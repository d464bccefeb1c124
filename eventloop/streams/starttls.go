package streams

import (
	"context"
	"crypto/tls"
	"fmt"

	"github.com/tidemill-go/tidemill/eventloop"
)

// StartTLS drains, upgrades the connection to TLS, and waits for the handshake;
// then the same reader and writer go on (contract Q22). The connections of
// StartServer are the server's side of it; those of OpenConnection are the
// client's, and expect the host that was connected to unless the config or opts
// have another ServerName. A nil opts means the zero value.
//
// It is refused, and the connection stays as it is, with eventloop.ErrInvalidState
// while a task waits for the reader or the writer, and if the reader holds
// anything: that came in clear text, and would be taken for a part of the secure
// conversation. Other errors are those of Drain and of Loop.StartTLS. If the
// handshake fails or ctx ends first, the connection is closed. Meanwhile the
// writer can not be used: it returns ErrInvalidState.
func (w *StreamWriter) StartTLS(ctx context.Context, cfg *tls.Config, opts *eventloop.StartTLSConfig) error {
	if err := w.enter(); err != nil {
		return err
	}
	var o eventloop.StartTLSConfig
	if opts != nil {
		o = *opts
	}
	if o.Server = o.Server || w.server; o.ServerName == "" && !o.Server {
		o.ServerName = w.host
	}
	if err := w.ready(ctx); err != nil {
		// What the loop can not do at all goes first; without a transport it does
		// nothing.
		return refusal(w.loop.StartTLS(nil, nil, cfg, &o).Err(), err)
	}
	f := w.loop.StartTLS(w.transport, w.transport.Protocol(), cfg, &o)
	w.gone = fmt.Errorf("%w: the connection is being upgraded", eventloop.ErrInvalidState)
	defer func() { w.gone = nil }()
	t, err := f.Await(ctx)
	if err != nil {
		return err
	}
	t.Protocol().(*pair).use(t)
	return nil
}

// ready waits until nothing is left to send, and looks whether the connection can
// be upgraded then.
func (w *StreamWriter) ready(ctx context.Context) error {
	if err := w.upgradable(); err != nil {
		return err
	}
	if err := w.Drain(ctx); err != nil {
		return err
	}
	return w.upgradable()
}

func (w *StreamWriter) upgradable() error {
	if err := w.occupied(); err != nil {
		return err
	}
	if n := w.reader.in.len(); n > 0 {
		return fmt.Errorf("%w: %d bytes of clear text have been received and not been read", eventloop.ErrInvalidState, n)
	}
	return nil
}
