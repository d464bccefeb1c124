package platform

import "net/netip"

// MaxDatagram is the size of a slot for datagrams over IP: none is longer,
// jumbograms aside, which need a link of more than 64 KiB.
const MaxDatagram = 64 << 10

// A Datagram is one that was received. Everything in it is the Inbox's and
// valid until its next Receive.
type Datagram struct {
	// Data is the payload; empty for an empty datagram.
	Data []byte

	// From is the sender's address; one without a name for a Unix socket that is
	// not bound.
	From *Name

	// Truncated says that the datagram was longer than a slot, and its rest is
	// lost.
	Truncated bool

	// To is the address that the datagram was sent to and Interface the number
	// of the interface that it came in by, if SetPacketInfo was asked for them;
	// otherwise they are invalid and zero.
	To        netip.Addr
	Interface int
}

// An Outgoing is a datagram to send.
type Outgoing struct {
	Data []byte
	// To is where to; the zero Name is the address that the socket is connected
	// to.
	To Name
}

// Where packet information is not to be had.
const (
	noPacketInfoReason      = "the control messages that tell a datagram's destination are read on Linux only"
	noPacketInfoAlternative = "an endpoint for each local address"
)
