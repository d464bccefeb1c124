package streams_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/streams"
)

// BenchmarkEcho is a round trip of 64 bytes from a client of package net to an
// echo server: of package net, on a goroutine over a Conn, in a task over one.
func BenchmarkEcho(b *testing.B) {
	b.Run("net", func(b *testing.B) { benchmarkNet(b, 64, echoed) })
	b.Run("goroutine", func(b *testing.B) { benchmarkLoop(b, 64, goroutineEcho, echoed) })
	b.Run("task", func(b *testing.B) { benchmarkLoop(b, 64, taskEcho, echoed) })
}

// BenchmarkBulk is 1 MiB there and back again.
func BenchmarkBulk(b *testing.B) {
	b.Run("net", func(b *testing.B) { benchmarkNet(b, 1<<20, streamed) })
	b.Run("goroutine", func(b *testing.B) { benchmarkLoop(b, 1<<20, goroutineEcho, streamed) })
	b.Run("task", func(b *testing.B) { benchmarkLoop(b, 1<<20, taskEcho, streamed) })
}

func echo(c net.Conn) error {
	_, err := io.CopyBuffer(struct{ io.Writer }{c}, struct{ io.Reader }{c}, make([]byte, 32<<10))
	return errors.Join(err, c.Close())
}

// goroutineEcho and taskEcho serve one connection.
func goroutineEcho(_ *eventloop.Loop, l *streams.Listener) {
	if c, err := l.Accept(); err == nil {
		_ = echo(c)
	}
}

func taskEcho(loop *eventloop.Loop, l *streams.Listener) {
	_, _ = eventloop.CreateTask(loop, func(context.Context) (struct{}, error) {
		c, err := l.Accept()
		if err == nil {
			err = echo(c)
		}
		return struct{}{}, err
	}).Await(context.Background())
}

func benchmarkNet(b *testing.B, size int, client func(*testing.B, net.Conn, []byte)) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	go func() {
		if c, err := l.Accept(); err == nil {
			_ = echo(c)
		}
	}()
	measure(b, l.Addr(), size, client)
}

func benchmarkLoop(b *testing.B, size int, serve func(*eventloop.Loop, *streams.Listener), client func(*testing.B, net.Conn, []byte)) {
	loop, err := eventloop.New()
	if err != nil {
		b.Fatal(err)
	}
	over := make(chan error, 1)
	go func() { over <- loop.RunForever() }()
	l, err := streams.Listen(context.Background(), loop, "tcp", "127.0.0.1:0", nil)
	if err != nil {
		b.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		serve(loop, l)
	}()
	measure(b, l.Addr(), size, client)
	<-served
	_ = l.Close()
	loop.Stop()
	if err := errors.Join(<-over, loop.Close()); err != nil {
		b.Fatal(err)
	}
}

func measure(b *testing.B, to net.Addr, size int, client func(*testing.B, net.Conn, []byte)) {
	c, err := net.Dial("tcp", to.String())
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(2 * size))
	b.ReportAllocs()
	client(b, c, make([]byte, size))
	b.StopTimer()
	_ = c.Close()
}

func echoed(b *testing.B, c net.Conn, p []byte) {
	for b.Loop() {
		if _, err := c.Write(p); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(c, p); err != nil {
			b.Fatal(err)
		}
	}
}

func streamed(b *testing.B, c net.Conn, p []byte) {
	sent := make(chan error, 1)
	out := make([]byte, len(p))
	for b.Loop() {
		go func() {
			_, err := c.Write(out)
			sent <- err
		}()
		if _, err := io.ReadFull(c, p); err != nil {
			b.Fatal(err)
		}
		if err := <-sent; err != nil {
			b.Fatal(err)
		}
	}
}
