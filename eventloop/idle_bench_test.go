//go:build unix

package eventloop_test

import (
	"context"
	"net"
	"runtime"
	"syscall"
	"testing"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
)

type idleEcho struct {
	protocols.Base
	transport protocols.Transport
}

func (e *idleEcho) ConnectionMade(t protocols.Transport) { e.transport = t }
func (e *idleEcho) DataReceived(data []byte)             { e.transport.Write(data) }

// BenchmarkIdleConnection measures the heap that a connection holds when it has
// echoed one message and is silent: everything that the loop, the driver, the
// transport and a small protocol keep.
func BenchmarkIdleConnection(b *testing.B) {
	const connections = 4000
	l, err := eventloop.NewSelectorLoop(nil)
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- l.RunForever() }()
	defer func() { l.Stop(); <-done; l.Close() }()
	newEcho := func() protocols.Protocol { return &idleEcho{} }
	server, err := l.CreateServer(newEcho, "tcp", "127.0.0.1:0", &eventloop.ServerConfig{Backlog: 512}).Await(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		clients := make([]int, connections)
		address := server.Addrs()[0].(*net.TCPAddr)
		to := &syscall.SockaddrInet4{Port: address.Port, Addr: [4]byte(address.IP.To4())}
		before := liveHeap()
		for i := range clients {
			clients[i] = rawEcho(b, to)
		}
		b.ReportMetric(float64(liveHeap()-before)/connections, "B/conn")
		for _, fd := range clients {
			syscall.Close(fd)
		}
	}
}

// rawEcho connects with a bare descriptor, which costs no heap, and has one
// message echoed.
func rawEcho(b *testing.B, to syscall.Sockaddr) (fd int) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err == nil {
		err = syscall.Connect(fd, to)
	}
	if err == nil {
		_, err = syscall.Write(fd, []byte("x"))
	}
	if err == nil {
		_, err = syscall.Read(fd, make([]byte, 1))
	}
	if err != nil {
		b.Fatal(err)
	}
	return fd
}

func liveHeap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
