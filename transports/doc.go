// Package transports has one state machine per kind of transport. What a
// transport means (buffering, flow control, end of input, close, abort,
// ConnectionLost exactly once) is written here once; a Driver only moves bytes,
// by readiness or by completion, and a Host lends what a loop has.
//
// A stream goes through these states, left to right only:
//
//	new -> made -> [closing ->] lost -> done
//
// It is made one iteration after its construction (ConnectionMade), closing
// from Close or the peer's end of input until its output is flushed, lost when
// nothing more will be sent or received and ConnectionLost is scheduled, done
// when that has returned and the descriptor is closed. Abort and errors go to
// lost directly; the first cause is the one that is reported.
//
// Who calls whom: the program calls the transport, on the loop's goroutine; the
// loop calls the driver when descriptors are ready; the driver calls the
// transport's Sink; that calls the protocol. Output waits in the transport for
// the end of the running callback (Host.RequestFlush), and whatever asks a
// question about it, or changes the transport's state, offers it to the kernel
// first: a program observes what it would observe if every Write were a send.
//
// ReadPipe and WritePipe are streams with one half: each is made of a Stream, and
// its own methods hide those that differ, from the driver as well. So is Terminal,
// which has both halves and one end. A Reservation has the output of a stream for
// itself for a while, to send a file.
//
// TLS is a Stream whose driver is another transport: the record layer moves its
// bytes, and a TLS is the protocol of the transport below.
package transports
