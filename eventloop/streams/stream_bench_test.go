package streams_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"net"
	"testing"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/streams"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/framing"
)

// BenchmarkLines is a round trip of lines of 64 bytes from a client of package
// net, one at a time and 64 at a time, to a server that looks for each line and
// sends it back: with bufio on a goroutine, by a callback over framing, by a task
// over a StreamReader.
func BenchmarkLines(b *testing.B) {
	for _, depth := range []struct {
		name  string
		lines int
	}{{"one", 1}, {"64", 64}} {
		size := 64 * depth.lines
		b.Run(depth.name+"/bufio", func(b *testing.B) { benchmarkBufio(b, size) })
		b.Run(depth.name+"/callback", func(b *testing.B) {
			benchmarkServer(b, size, func(l *eventloop.Loop) *eventloop.Future[*eventloop.Server] {
				return l.CreateServer(newLineEcho, "tcp", "127.0.0.1:0", nil)
			})
		})
		b.Run(depth.name+"/task", func(b *testing.B) {
			benchmarkServer(b, size, func(l *eventloop.Loop) *eventloop.Future[*eventloop.Server] {
				return streams.StartServer(l, echoLines, "tcp", "127.0.0.1:0", nil)
			})
		})
	}
}

type lineEcho struct {
	transport protocols.Transport
	encoder   *framing.Encoder
}

func newLineEcho() protocols.Protocol {
	return framing.New(framing.Lines{}, &lineEcho{encoder: framing.NewEncoder(framing.Lines{})})
}

func (e *lineEcho) ConnectionMade(t protocols.Transport) { e.transport = t }
func (e *lineEcho) ConnectionLost(error)                 {}
func (e *lineEcho) FrameReceived(line []byte)            { _ = e.encoder.Write(e.transport, line) }

func benchmarkBufio(b *testing.B, size int) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer func() { _ = c.Close() }()
		r, w := bufio.NewReader(c), bufio.NewWriter(c)
		for {
			line, err := r.ReadSlice('\n')
			if err != nil {
				return
			}
			_, _ = w.Write(line)
			if r.Buffered() == 0 && w.Flush() != nil {
				return
			}
		}
	}()
	measure(b, l.Addr(), size, linesEchoed)
}

func benchmarkServer(b *testing.B, size int, serve func(*eventloop.Loop) *eventloop.Future[*eventloop.Server]) {
	loop, err := eventloop.New()
	if err != nil {
		b.Fatal(err)
	}
	over := make(chan error, 1)
	go func() { over <- loop.RunForever() }()
	s, err := serve(loop).Await(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	measure(b, s.Addrs()[0], size, linesEchoed)
	_ = loop.Post(s.Close)
	if err := s.WaitClosed(context.Background()); err != nil {
		b.Fatal(err)
	}
	loop.Stop()
	if err := errors.Join(<-over, loop.Close()); err != nil {
		b.Fatal(err)
	}
}

// linesEchoed is echoed with lines.
func linesEchoed(b *testing.B, c net.Conn, p []byte) {
	copy(p, bytes.Repeat(append(bytes.Repeat([]byte{'x'}, 63), '\n'), len(p)/64))
	echoed(b, c, p)
}
