// Package streams has connections for programs that wait instead of being called
// back: net.Conn, net.Listener and net.PacketConn over the transports, servers
// and endpoints of an event loop.
//
//	l, err := streams.Listen(ctx, loop, "tcp", "127.0.0.1:8080", nil)
//	if err != nil {
//		return err
//	}
//	return http.Serve(l, handler)
//
// What they are used from decides how they wait, as it does for a Future:
//
//	a task, of this or another loop        is suspended
//	a loop's goroutine outside a task      gets eventloop.ErrAwaitOnLoop
//	any other goroutine                    is blocked
//
// So bufio, net/http's ReadResponse and everything else that reads and writes a
// net.Conn runs in a task on the loop's goroutine, and the loop goes on
// meanwhile; the same code runs on a goroutine beside it. A task's cancellation
// ends its waits; WithContext ties them to another context.
//
// # Buffers
//
// The loop receives into memory that it shares with the reader, up to a limit,
// and then leaves the rest to the kernel until half of it is read: a peer is as
// fast as the program that reads, and a Read that finds something does not go
// through the loop. Write leaves its bytes for the loop's next turn, one turn for
// all that is written until then, and waits while the transport is over its
// high-water mark. A listener leaves connections to the kernel when too many wait
// for Accept.
//
// # Closing
//
// Close sends what was written and returns when that is handed over to the loop,
// as package net's returns when it is handed over to the kernel. A peer that does
// not take it gets the linger time. Abort drops it. WaitClosed waits for the end
// and tells how it came. Closing the loop ends every wait with
// eventloop.ErrLoopClosed.
//
// # Design notes
//
// Waits go by the identity of the caller and not by a context that was given to
// Dial: a context ends, and a connection that a pool keeps outlives the request
// that dialled it. A Conn's Write does not wait until the loop has sent: that
// would cost two changes of goroutine for every message, and the kernel's answer
// says little about the peer anyway.
package streams
