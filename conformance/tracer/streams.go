package main

import (
	"context"
	"errors"
	"io"
	"net"

	"github.com/tidemill-go/tidemill/conformance/trace"
	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/streams"
)

// serveOne serves with a handler and waits until one connection is served.
func serveOne(x *trace.X, serve func(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter)) {
	over := eventloop.NewFuture[struct{}](x.Loop)
	handler := func(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
		serve(ctx, r, w)
		over.SetResult(struct{}{})
		return nil
	}
	server := trace.Must(streams.StartServer(x.Loop, handler, "tcp", "127.0.0.1:0", nil).Await(x.Context()))
	addr := server.Addrs()[0].(*net.TCPAddr)
	x.Hello("tcp", trace.Fields{"host": addr.IP.String(), "port": addr.Port})
	trace.Must(over.Await(x.Context()))
}

// read traces a call of a reader. Where asyncio returns nothing at the end of
// input, ours returns io.EOF.
func read(x *trace.X, name string, show bool, data []byte, err error) {
	if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	var ret trace.Fields
	if show && err == nil {
		ret = trace.Fields{"ret": string(data)}
	}
	x.Waited(name, ret, err)
}

// streamed is about the layer of streams.
var streamed = []trace.Scenario{{
	Name: "streams_read",
	Doc:  "ReadLine, ReadExactly, ReadAll and ReadUntil over one connection, and what the end of input does to each.",
	Run: func(x *trace.X) {
		serveOne(x, func(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) {
			data, err := r.ReadLine(ctx)
			read(x, "readline", true, data, err)
			data, err = r.ReadExactly(ctx, 5)
			read(x, "readexactly", true, data, err)
			data, err = r.ReadUntil(ctx, []byte(";;"))
			read(x, "readuntil", true, data, err)
			x.Emit("at_eof", trace.Fields{"ret": r.AtEOF()})
			data, err = r.ReadExactly(ctx, 100)
			read(x, "readexactly", false, data, err)
			x.Emit("at_eof", trace.Fields{"ret": r.AtEOF()})
			data, err = r.ReadLine(ctx)
			read(x, "readline", true, data, err)
			data, err = r.ReadAll(ctx)
			read(x, "read", true, data, err)
			data, err = r.ReadUntil(ctx, []byte("x"))
			read(x, "readuntil", false, data, err)
			trace.Must(w.Write([]byte("still open")))
			must(w.Close())
			x.Waited("wait_closed", nil, w.WaitClosed(ctx))
		})
	},
}, {
	Name: "streams_drain",
	Doc:  "Drain returns at once when writing is not paused, waits when it is, and fails when the connection is lost meanwhile.",
	Run: func(x *trace.X) {
		serveOne(x, func(ctx context.Context, _ *streams.StreamReader, w *streams.StreamWriter) {
			drain := func(ctx context.Context) (struct{}, error) { return struct{}{}, w.Drain(ctx) }
			trace.Must(w.Write([]byte("x")))
			x.Waited("drain", trace.Fields{"what": "not paused"}, w.Drain(ctx))
			trace.Must(w.Write(big()))
			task := eventloop.CreateTask(x.Loop, drain)
			x.Settle()
			x.Emit("pending", trace.Fields{"ret": !task.Done()})
			x.Raw(trace.Fields{"ev": "ready"})
			_, err := task.Await(ctx)
			x.Waited("drain", trace.Fields{"what": "peer reset"}, err)
			x.Waited("drain", trace.Fields{"what": "after loss"}, w.Drain(ctx))
		})
	},
}}
