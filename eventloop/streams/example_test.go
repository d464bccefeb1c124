package streams_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/streams"
)

// An HTTP request in a task: Dial, Fprintf, ReadResponse and ReadAll suspend it,
// and the loop goes on meanwhile.
func Example() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintln(w, "hello from", r.URL.Path)
	}))
	defer server.Close()

	err := eventloop.Run(context.Background(), func(ctx context.Context, loop *eventloop.Loop) error {
		conn, err := streams.Dial(ctx, loop, "tcp", server.Listener.Addr().String(), nil)
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
