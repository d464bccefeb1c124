package streams

import (
	"context"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
)

// DialConfig says how to dial. Its zero value works.
type DialConfig struct {
	// Connection is how the transport is made.
	Connection eventloop.ConnectionConfig

	// Conn is how the Conn is.
	Conn ConnConfig
}

// Dial connects to an address through the loop; network, address and errors are
// those of Loop.CreateConnection. It waits: in a task it suspends the task, on a
// loop's goroutine outside a task it returns eventloop.ErrAwaitOnLoop. If ctx
// ends first, its cause is returned and nothing stays open; later the end of ctx
// does not matter. A nil cfg means the zero value.
func Dial(ctx context.Context, l *eventloop.Loop, network, address string, cfg *DialConfig) (*Conn, error) {
	if cfg == nil {
		cfg = &DialConfig{}
	}
	c := NewConn(l, &cfg.Conn)
	f := l.CreateConnection(func() protocols.Protocol { return c }, network, address, &cfg.Connection)
	if _, err := f.Await(ctx); err != nil {
		c.Abort() // should it still be connected
		f.Abandon()
		return nil, err
	}
	return c, nil
}
