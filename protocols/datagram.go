package protocols

import (
	"net"
	"net/netip"
)

// DatagramProtocol is what a datagram transport calls, on the loop's goroutine:
//
//	start -> ConnectionMade [-> DatagramReceived | ErrorReceived]* -> ConnectionLost -> end
//
// A panic in any of them is reported to the loop's exception handler and the
// endpoint stays open (contract I20). A FlowController hears of the queue of
// datagrams that wait to be sent, as of a stream's write buffer.
type DatagramProtocol interface {
	// ConnectionMade is called once, before anything else, one iteration after
	// the transport was made. Reading starts when it has returned.
	ConnectionMade(t DatagramTransport)

	// DatagramReceived is given one datagram, whole; data is empty for an empty
	// one, and valid until DatagramReceived returns. addr is the sender's: a
	// *net.UDPAddr, or a *net.UnixAddr, whose name is empty if the sender has
	// none. The endpoint keeps its addresses and hands the same one out again:
	// they must not be changed. They may be kept, and be given to SendTo.
	DatagramReceived(data []byte, addr net.Addr)

	// ErrorReceived is told of a send or receive that failed, as a *net.OpError
	// around the errno; the endpoint stays open. Of a failed send it is told
	// inside SendTo, unless that datagram had been queued. ECONNREFUSED says that
	// an earlier datagram of a connected endpoint found nobody; an endpoint that
	// is not connected does not hear of that. EMSGSIZE from a receive says that a
	// datagram was too long for our buffers and is dropped.
	ErrorReceived(err error)

	// ConnectionLost is called once, last, in a callback of its own. err is nil
	// after Close and Abort. The descriptor is still open while it runs.
	ConnectionLost(err error)
}

// BatchDatagramProtocol is implemented by protocols that take datagrams as the
// kernel hands them out, many at a time. DatagramReceived is then not called.
type BatchDatagramProtocol interface {
	// DatagramsReceived is given at least one datagram, in order of arrival. The
	// slice and the data in it are valid until it returns.
	DatagramsReceived(batch []Datagram)
}

// A Datagram is one of a batch.
type Datagram struct {
	// Data is the payload, empty for an empty datagram.
	Data []byte

	// Addr is the sender, invalid on a Unix endpoint. An IPv4 sender is an IPv4
	// address on every kind of socket.
	Addr netip.AddrPort

	// From is the sender as DatagramReceived has it.
	From net.Addr

	// Destination is the address that the datagram was sent to, and Interface the
	// number of the interface that it came in by. They are there if the endpoint
	// was made with PacketInfo; otherwise they are invalid and zero.
	Destination netip.Addr
	Interface   int
}

// DatagramTransport sends and receives datagrams. Everything but the addresses
// belongs to the goroutine of the loop that it was made on. After ConnectionLost
// all methods are harmless.
//
// Close sends what is queued, then calls ConnectionLost(nil); Abort drops it.
// RemoteAddr, and "peername" of ExtraInfo, are nil unless the endpoint is
// connected. A transport is also a ReadTransport and, over UDP, a
// MulticastTransport, to be found by type assertion.
type DatagramTransport interface {
	BaseTransport

	// SendTo sends one datagram, or queues it if the kernel does not take it now:
	// datagrams that wait are sent in order, and a full network interface makes
	// them wait too. An empty one is sent as well. It never blocks and does not
	// keep data. What is sent while a received batch is being handed out may
	// leave at the end of it, several in one system call; that is well before
	// anything else happens on the loop.
	//
	// addr is a *net.UDPAddr or, on a Unix endpoint, a *net.UnixAddr. On an
	// endpoint that is connected, or made with Broadcast and a remote address,
	// it may be nil; on a connected one it must otherwise be the peer's.
	//
	// The error is a *net.AddrError if addr does not fit, ErrInvalidState in
	// debug mode if the caller is not on the loop, and net.ErrClosed when the
	// datagram was dropped because the transport is closed and its queue empty.
	// A send that fails is not reported here, but by ErrorReceived.
	SendTo(data []byte, addr net.Addr) error

	// SendToAddrPort is SendTo for UDP; the zero AddrPort stands for nil.
	SendToAddrPort(data []byte, to netip.AddrPort) error

	// SetWriteBufferLimits, WriteBufferLimits and WriteBufferSize are as of a
	// WriteTransport. The size counts payload, without addresses.
	SetWriteBufferLimits(w Watermarks) error
	WriteBufferLimits() Watermarks
	WriteBufferSize() int

	// SetProtocol makes p hear all later events, ConnectionLost included. A nil p
	// panics.
	SetProtocol(p DatagramProtocol)

	// Protocol returns the protocol in use, nil once ConnectionLost has returned.
	Protocol() DatagramProtocol
}

// MulticastTransport is implemented by datagram transports over UDP. Its errors
// are *net.OpError around the errno, or around an error about arguments that do
// not fit; net.ErrClosed after ConnectionLost.
type MulticastTransport interface {
	// JoinGroup receives what is sent to a group and comes in by ifi; nil leaves
	// the interface to the system. LeaveGroup ends that.
	JoinGroup(group netip.Addr, ifi *net.Interface) error
	LeaveGroup(group netip.Addr, ifi *net.Interface) error

	// SetMulticastInterface chooses where datagrams to groups go out; nil leaves
	// it to the routes.
	SetMulticastInterface(ifi *net.Interface) error

	// SetMulticastTTL sets how far they go: 0 stays on the machine, 1, which is
	// the default, in the network.
	SetMulticastTTL(ttl int) error

	// SetMulticastLoopback says whether members on this machine get them, which
	// is the default.
	SetMulticastLoopback(on bool) error
}

// DatagramBase is a DatagramProtocol and a FlowController that does nothing.
// Embed it and override what is needed.
type DatagramBase struct{}

var (
	_ DatagramProtocol = DatagramBase{}
	_ FlowController   = DatagramBase{}
)

// ConnectionMade does nothing.
func (DatagramBase) ConnectionMade(DatagramTransport) {}

// DatagramReceived drops the datagram.
func (DatagramBase) DatagramReceived([]byte, net.Addr) {}

// ErrorReceived drops the error.
func (DatagramBase) ErrorReceived(error) {}

// PauseWriting does nothing: the queue goes on growing.
func (DatagramBase) PauseWriting() {}

// ResumeWriting does nothing.
func (DatagramBase) ResumeWriting() {}

// ConnectionLost does nothing.
func (DatagramBase) ConnectionLost(error) {}

// DatagramFactory is Factory for datagram endpoints.
func DatagramFactory[P DatagramProtocol](construct func() P) func() DatagramProtocol {
	if construct == nil {
		return nil
	}
	return func() DatagramProtocol { return construct() }
}
