package streams_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/streams"
)

// A server of lines and a client of it, both of them tasks.
func ExampleStartServer() {
	err := eventloop.Run(context.Background(), func(ctx context.Context, loop *eventloop.Loop) error {
		server, err := streams.StartServer(loop, func(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
			for line, err := range r.Lines(ctx) {
				if err != nil {
					return err
				}
				_, _ = fmt.Fprintf(w, "you said %s", line)
				if err := w.Drain(ctx); err != nil {
					return err
				}
			}
			return nil
		}, "tcp", "127.0.0.1:0", nil).Await(ctx)
		if err != nil {
			return err
		}
		r, w, err := streams.OpenConnection(ctx, loop, "tcp", server.Addrs()[0].String(), nil)
		if err != nil {
			return err
		}
		defer func() { _ = w.Close() }()
		_, _ = fmt.Fprintln(w, "hello")
		line, err := r.ReadLine(ctx)
		fmt.Printf("%s", line)
		return err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output: you said hello
}

// An HTTPS request in a task, over the net.Conn of a stream.
func ExampleStreamWriter_Conn() {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintln(w, "hello from", r.URL.Path)
	}))
	defer server.Close()
	trusted := x509.NewCertPool()
	trusted.AddCert(server.Certificate())
	secure := &streams.OpenConfig{Connection: eventloop.ConnectionConfig{TLS: &tls.Config{RootCAs: trusted}}}

	err := eventloop.Run(context.Background(), func(ctx context.Context, loop *eventloop.Loop) error {
		_, w, err := streams.OpenConnection(ctx, loop, "tcp", server.Listener.Addr().String(), secure)
		if err != nil {
			return err
		}
		conn, err := w.Conn(nil)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		_, _ = fmt.Fprint(conn, "GET /tidemill HTTP/1.1\r\nHost: localhost\r\n\r\n")
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(response.Body)
		fmt.Printf("%s: %s", response.Status, body)
		return err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output: 200 OK: hello from /tidemill
}
