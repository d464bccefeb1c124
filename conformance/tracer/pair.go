package main

import (
	"net"

	"github.com/tidemill-go/tidemill/conformance/trace"
)

// pair is two connected sockets: fd names one, send fills it from the other. It
// is a TCP connection of package net, which every system has and which is
// non-blocking already. Its sockets stay open until close: a connection that
// nobody mentions any more would be closed by the collector.
type pair struct {
	own, peer *net.TCPConn
}

func newPair() *pair {
	l := trace.Must(net.Listen("tcp", "127.0.0.1:0"))
	defer l.Close()
	peer := trace.Must(net.Dial("tcp", l.Addr().String()))
	own := trace.Must(l.Accept())
	return &pair{own: own.(*net.TCPConn), peer: peer.(*net.TCPConn)}
}

func (p *pair) fd() (fd uintptr) {
	must(trace.Must(p.own.SyscallConn()).Control(func(n uintptr) { fd = n }))
	return fd
}

func (p *pair) send(data string) {
	trace.Must(p.peer.Write([]byte(data)))
}

func (p *pair) close() {
	must(p.peer.Close())
	must(p.own.Close())
}
