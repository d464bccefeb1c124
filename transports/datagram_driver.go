package transports

import "github.com/tidemill-go/tidemill/platform"

// A DatagramDriver is what a Driver that can move datagrams implements as well.
// The rules of a Driver hold: the loop's goroutine only, and no call back from
// inside a method. Read and Close of the Driver work on its handles too.
type DatagramDriver interface {
	// OpenDatagram adopts a non-blocking datagram socket. The descriptor belongs
	// to the driver from the call on: if it fails it is closed. Reading is off.
	OpenDatagram(fd int, o DatagramOptions, s DatagramSink) (Handle, error)

	// SendDatagrams sends datagrams in order and returns how many were taken; if
	// not all, err is the errno that the next one got. Their memory is the
	// caller's again when it returns.
	SendDatagrams(h Handle, batch []platform.Outgoing) (n int, err error)

	// AwaitRoom makes the driver call Room once, when the kernel may take
	// datagrams again.
	AwaitRoom(h Handle) error
}

// DatagramOptions are what a driver must know of a datagram socket.
type DatagramOptions struct {
	// Local is a Unix socket, whose datagrams may be longer than those of UDP.
	Local bool
	// PacketInfo says that platform.SetPacketInfo was called on it.
	PacketInfo bool
}

// A DatagramSink is what a datagram transport shows its driver.
type DatagramSink interface {
	// Arrived hands over datagrams in the driver's memory, at least one, valid
	// for the call.
	Arrived(batch []platform.Datagram)

	// ReceiveFailed tells of an error that a receive returned. The driver goes on.
	ReceiveFailed(err error)

	// Broken says that the socket can not be watched any more.
	Broken(err error)

	// Room answers AwaitRoom.
	Room()
}
