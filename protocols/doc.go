// Package protocols is the contract between a connection's transport and the
// program that uses it: what a transport offers, and what it calls back.
//
// A stream protocol goes through these states, and each arrow is a call made
// on the loop's goroutine, never nested in a call that the program makes:
//
//	start -> ConnectionMade [-> DataReceived]* [-> EOFReceived] -> ConnectionLost -> end
//
// ConnectionMade and ConnectionLost are called exactly once. PauseWriting may be
// called at any time between them, ResumeWriting only after it; they alternate.
// PauseWriting is the one callback that happens inside a call of the program
// (the Write that went over the mark): through the loop it would come too late
// for a program that writes without ever returning to the loop.
//
// Only ConnectionMade, DataReceived and ConnectionLost are required. The rest
// is found by type assertion when the protocol is set, never per event:
//
//	interface         methods                       without it
//	EOFReceiver       EOFReceived                   the end of input closes the transport
//	FlowController    PauseWriting, ResumeWriting   the write buffer grows without limit
//	BufferedProtocol  GetBuffer, BufferUpdated      input comes through DataReceived
//
// A wrapper that embeds another Protocol hides these; embed Base to have them
// all but BufferedProtocol, which would take the input away from DataReceived.
//
// A DatagramProtocol, of a UDP or Unix datagram endpoint, has no end of input
// and hears of failures one by one; see there.
package protocols
