// Package streams has connections for programs that wait instead of being called
// back.
//
// For tasks there is the pair that asyncio has, StreamReader and StreamWriter,
// from OpenConnection, StartServer, and of child processes from Exec:
//
//	handler := func(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
//		for line, err := range r.Lines(ctx) {
//			if err != nil {
//				return err
//			}
//			w.Write(line)
//			if err := w.Drain(ctx); err != nil {
//				return err
//			}
//		}
//		return nil
//	}
//	server, err := streams.StartServer(loop, handler, "tcp", "127.0.0.1:8080", nil).Await(ctx)
//
// For goroutines, and for code that wants them, there are net.Conn, net.Listener
// and net.PacketConn over the transports, servers and endpoints of a loop:
//
//	l, err := streams.Listen(ctx, loop, "tcp", "127.0.0.1:8080", nil)
//	if err != nil {
//		return err
//	}
//	return http.Serve(l, handler)
//
// StreamWriter.Conn makes one of these of a pair. What they are used from decides
// how they wait, as it does for a Future:
//
//	a task, of this or another loop        is suspended
//	a loop's goroutine outside a task      gets eventloop.ErrAwaitOnLoop
//	any other goroutine                    is blocked
//
// So bufio, net/http's ReadResponse and everything else that reads and writes a
// net.Conn runs in a task on the loop's goroutine, and the loop goes on
// meanwhile; the same code runs on a goroutine beside it. A task's cancellation
// ends its waits; WithContext ties them to another context. A StreamReader and a
// StreamWriter do not have the third way: they share their memory with the loop
// without a lock, and what a reader returns is a slice of that.
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
// A StreamReader has memory only while something in it waits to be read; an idle
// connection has none.
//
// # Closing
//
// Close sends what was written and returns when that is handed over to the loop,
// as package net's returns when it is handed over to the kernel. A peer that does
// not take it gets the linger time. Abort drops it. WaitClosed waits for the end
// and tells how it came. Closing the loop ends every wait with
// eventloop.ErrLoopClosed. A StreamWriter has no linger time: its Close is the
// transport's.
//
// # Design notes
//
// Waits go by the identity of the caller and not by a context that was given to
// Dial: a context ends, and a connection that a pool keeps outlives the request
// that dialled it. A Conn's Write does not wait until the loop has sent: that
// would cost two changes of goroutine for every message, and the kernel's answer
// says little about the peer anyway.
//
// A StreamReader refuses a second task while one waits, and does not queue it: who
// would get which bytes is nothing to leave to chance. The connection of a handler
// is closed when the handler returns, where asyncio leaves it open and warns when
// it is collected. ReadLine tells the end of input by io.EOF and not by an empty
// line.
package streams
