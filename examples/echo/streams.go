package main

import (
	"context"
	"errors"
	"io"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/streams"
)

// echoBuffer is the memory of a connection. What waits to be echoed is in the
// reader, which has a limit of its own.
const echoBuffer = 16 << 10

// byStreams serves each connection by a task.
func byStreams(loop *eventloop.Loop, network, address string, cfg *eventloop.ServerConfig) *eventloop.Future[*eventloop.Server] {
	return streams.StartServer(loop, echoTask, network, address, &streams.ServeConfig{Server: *cfg})
}

// echoTask echoes until the end of input; the return sends what is left and
// closes. That a connection breaks is nothing to report.
func echoTask(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
	err := echoAll(ctx, r, w, make([]byte, echoBuffer))
	if err == io.EOF || w.IsClosing() {
		return nil
	}
	return err
}

// echoAll waits for a peer that does not read, and so the peer that only sends
// waits as well. A task that is cancelled meanwhile still echoes what it has
// received.
func echoAll(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter, buf []byte) error {
	var cancelled error
	for cancelled == nil || r.Buffered() > 0 {
		n, err := r.Read(ctx, buf)
		if err != nil {
			return err
		}
		if _, err := w.Write(buf[:n]); err != nil {
			return err
		}
		if cancelled != nil {
			continue
		}
		if cancelled = w.Drain(ctx); cancelled != nil && !errors.Is(cancelled, eventloop.ErrCancelled) {
			return cancelled
		}
	}
	return cancelled
}
