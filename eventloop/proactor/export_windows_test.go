package proactor

import (
	"golang.org/x/sys/windows"
)

// SocketError and StatusError are how errors are translated.
var (
	SocketError = socketError
	StatusError = statusError
)

// MakeSockets replaces how sockets to accept into are made; nil puts it back.
func MakeSockets(p Proactor, how func() error) {
	p.(*iocp).makeSocket = func(family uint16) (windows.Handle, error) {
		if how != nil {
			if err := how(); err != nil {
				return windows.InvalidHandle, err
			}
		}
		return openStream(family)
	}
}

// Blocks are the addresses of the memory that the system writes to.
func Blocks(p Proactor) (list []uintptr) {
	for _, block := range p.(*iocp).operations.blocks {
		list = append(list, uintptr(block))
	}
	return list
}
