package streams

import (
	"context"
	"errors"
	"net"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
)

// OpenConfig says how to open a connection. Its zero value works.
type OpenConfig struct {
	// Connection is how the transport is made.
	Connection eventloop.ConnectionConfig

	// Limit is the reader's, in bytes. Zero means DefaultLimit; a negative one is
	// os.ErrInvalid.
	Limit int
}

// OpenConnection connects to an address and returns the two halves of the
// connection; network, address and errors are those of Loop.CreateConnection. In
// a task it suspends the task; it may also be called from a goroutine, but what
// it returns is for tasks and callbacks of the loop. If ctx ends first, its cause
// is returned and nothing stays open. A nil cfg means the zero value.
func OpenConnection(ctx context.Context, l *eventloop.Loop, network, address string, cfg *OpenConfig) (*StreamReader, *StreamWriter, error) {
	if cfg == nil {
		cfg = &OpenConfig{}
	}
	tasks := schedulerOf(l).Tasks()
	factory := func() protocols.Protocol { return newPair(l, tasks, &shelf{}, cfg.Limit) }
	limitErr := checkLimit(cfg.Limit)
	if limitErr != nil {
		factory = nil
	}
	f := l.CreateConnection(factory, network, address, &cfg.Connection)
	if limitErr != nil {
		return nil, nil, refusal(f.Err(), &net.OpError{Op: "dial", Net: network, Err: limitErr})
	}
	c, err := f.Await(ctx)
	if err != nil {
		f.Abandon()
		return nil, nil, err
	}
	p := c.Protocol.(*pair)
	if host, _, err := net.SplitHostPort(address); err == nil && network != "unix" {
		p.writer.host = host
	}
	return &p.reader, &p.writer, nil
}

// refusal is what to tell of an argument of ours: what the platform can not do at
// all goes first. The loop was asked without a factory, and so has done nothing.
func refusal(asked, own error) error {
	if errors.Is(asked, errors.ErrUnsupported) || errors.Is(asked, eventloop.ErrLoopClosed) {
		return asked
	}
	return own
}
