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

// A Stock is the memory to receive into.
type Stock struct{ stock }

// NewStock makes one.
func NewStock(count int) *Stock { return &Stock{newStock(count)} }

// Pick lends a buffer.
func (s *Stock) Pick() (id uint16, ok bool) {
	id, _, ok = s.pick()
	return id, ok
}

// Recycle takes one back.
func (s *Stock) Recycle(id uint16) { s.recycle(id) }

// Made is how many have memory.
func (s *Stock) Made() (n int) {
	for _, b := range s.memory {
		if b != nil {
			n++
		}
	}
	return n
}

// Blocks are the addresses of the memory that the system writes to.
func Blocks(p Proactor) (list []uintptr) {
	for _, block := range p.(*iocp).operations.blocks {
		list = append(list, uintptr(block))
	}
	return list
}
