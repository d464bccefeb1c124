package eventloop_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tidemill-go/tidemill/eventloop"
)

// BenchmarkTLSEcho has 1000 connections of TLS 1.3 echo 64 bytes and measures the
// server, a process of its own: its processor time per message and what it holds
// per idle connection, heap and stacks, beside a server of package net.
//
//	go test ./eventloop -run '^$' -bench TLSEcho -benchtime 200000x
func BenchmarkTLSEcho(b *testing.B) {
	for _, server := range []string{"loop", "net"} {
		b.Run(server, func(b *testing.B) { benchTLS(b, server) })
	}
}

const tlsConnections = 1000

func benchTLS(b *testing.B, server string) {
	s := startTLSBench(b, server)
	_, before := s.measure(b)
	conns := make([]*tls.Conn, tlsConnections)
	for i := range conns {
		c, err := tls.Dial("tcp", s.address, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		conns[i] = c
		pingPong(b, c)
	}
	began, idle := s.measure(b)
	b.ResetTimer()
	var left atomic.Int64
	left.Store(int64(b.N))
	var working sync.WaitGroup
	for _, c := range conns {
		working.Go(func() {
			for left.Add(-1) >= 0 {
				pingPong(b, c)
			}
		})
	}
	working.Wait()
	b.StopTimer()
	ended, _ := s.measure(b)
	b.ReportMetric(float64(ended-began)/1e3/float64(b.N), "server-us/msg")
	b.ReportMetric(float64(idle-before)/tlsConnections, "B/conn")
}

func pingPong(b *testing.B, c net.Conn) {
	var message [64]byte
	if _, err := c.Write(message[:]); err != nil {
		b.Error(err)
	}
	if _, err := io.ReadFull(c, message[:]); err != nil {
		b.Error(err)
	}
}

// tlsBench is a server in a process of its own, which answers every line with the
// processor time that it has used and the memory that it holds.
type tlsBench struct {
	address string
	stdin   io.Writer
	lines   *bufio.Scanner
}

func startTLSBench(b *testing.B, server string) *tlsBench {
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), helperVariable+"=tls", "SERVER="+server)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	s := &tlsBench{stdin: stdin, lines: bufio.NewScanner(stdout)}
	if !s.lines.Scan() {
		b.Fatal("the server does not start")
	}
	s.address = s.lines.Text()
	return s
}

func (s *tlsBench) measure(b *testing.B) (used, held int64) {
	if _, err := fmt.Fprintln(s.stdin); err != nil || !s.lines.Scan() {
		b.Fatal("the server is gone")
	}
	if _, err := fmt.Sscan(s.lines.Text(), &used, &held); err != nil {
		b.Fatal(err)
	}
	return used, held
}

// serveTLSBench is the helper program behind tlsBench.
func serveTLSBench() error {
	cfg := serverTLS()
	var address net.Addr
	var stop func() error
	var err error
	if os.Getenv("SERVER") == "net" {
		address, stop, err = serveStd(cfg)
	} else {
		address, stop, err = serveLoop(cfg)
	}
	if err != nil {
		return err
	}
	fmt.Println(address)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		used := processorTime()
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		fmt.Println(int64(used), m.HeapAlloc+m.StackInuse)
	}
	return stop()
}

func serveLoop(cfg *tls.Config) (net.Addr, func() error, error) {
	l, err := eventloop.NewSelectorLoop(&eventloop.SelectorConfig{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, nil, err
	}
	over := make(chan error, 1)
	server, err := eventloop.RunUntilComplete(l, l.CreateServer(newEcho, "tcp", "127.0.0.1:0", &eventloop.ServerConfig{TLS: cfg, Backlog: 512}))
	if err != nil {
		return nil, nil, errors.Join(err, l.Close())
	}
	go func() { over <- l.RunForever() }()
	return server.Addrs()[0], func() error {
		l.Stop()
		return errors.Join(<-over, l.Close())
	}, nil
}

// serveStd is how a program of package net would be written.
func serveStd(cfg *tls.Config) (net.Addr, func() error, error) {
	l, err := tls.Listen("tcp", "127.0.0.1:0", cfg)
	if err != nil {
		return nil, nil, err
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				b := make([]byte, 4096)
				for n, err := c.Read(b); err == nil; n, err = c.Read(b) {
					_, _ = c.Write(b[:n])
				}
			}()
		}
	}()
	return l.Addr(), l.Close, nil
}
