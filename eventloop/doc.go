// Package eventloop is asyncio's low-level half in Go: an event loop and a loop
// policy, and on them servers, connections, readers and writers, timers,
// futures and tasks.
//
//	func serve(ctx context.Context, loop *eventloop.Loop) error {
//		newEcho := func() protocols.Protocol { return &echo{} }
//		server, err := loop.CreateServer(newEcho, "tcp", "127.0.0.1:8888", nil).Await(ctx)
//		if err != nil {
//			return err
//		}
//		return server.ServeForever(ctx)
//	}
//
//	err := eventloop.Run(ctx, serve)
//
// # Who may call what
//
// A function that takes a context.Context may wait; one without never does. In a
// task, waiting suspends the task; on any other goroutine it blocks that; on the
// loop's goroutine outside a task it is ErrAwaitOnLoop. So serve above runs as a
// task on a loop, and unchanged on an ordinary goroutine beside one.
//
// A loop, and every transport, server, handle and future made on it, belongs to
// the loop's goroutine, which is one of its own while RunForever runs. From
// elsewhere: CallSoonThreadsafe, Post, Do, Await, Stop, Close, and every method
// that returns a Future. Debug mode checks it. While the loop does not run, the
// goroutine that sets it up may use it as its own.
//
// # One iteration
//
//  1. Compute the wait: zero if anything is ready or the loop is stopping, else
//     until the first timer, else unbounded.
//  2. Wait for I/O; its callbacks are appended to the ready queue.
//  3. Move due timers (deadline <= now + clock resolution) to the ready queue, in
//     deadline order, ties in scheduling order.
//  4. Run exactly the callbacks that were ready at the start of this step; what
//     they schedule runs in the next iteration. After every callback, flush every
//     transport that it wrote to, in order of first write.
//  5. If Stop was called, leave after this step.
//
// Guaranteed: callbacks run in the order in which they were scheduled; calls of
// one goroutine through CallSoonThreadsafe keep their order; a reader runs before
// the writer of the same descriptor; a timer never fires earlier than one tick
// of the clock before its deadline. Merely so today: what comes from other
// goroutines during the wait is queued behind the I/O of that wait.
//
// # Output
//
// What a callback writes to a transport leaves in one system call when the
// callback returns, or at once when 16 KiB are pending. Two things follow that a
// loop which sends at every Write does not have: writes to A, then B, then A in
// one callback may reach the wire as A, then B; and os.Exit inside a callback
// loses what that callback wrote. Whatever asks about the output or ends it
// (WriteBufferSize, IsClosing, Close, Abort, WriteEOF, SetWriteBufferLimits)
// offers it to the kernel first.
//
// # Selector and proactor
//
// A selector loop waits until a descriptor is ready and then makes the system
// call; a proactor loop submits the operation and is told of its end. Transports
// behave alike on both. What a program can notice of a proactor loop: GetBuffer is
// told how many bytes have come, because they have; a connection whose peer reset
// it before it was accepted has no RemoteAddr; a Unix connection that is closed
// with input received and not delivered ends for its peer without an error; a
// lowered limit of descriptors holds for a server from its next pause on. It owns
// a thread from its making to its Close, and waking it from another goroutine
// costs more.
//
// # Failures
//
// A panic in a callback goes to the exception handler as a *PanicError with its
// stack, and the loop goes on; in a protocol it ends that connection only. A
// runtime.Goexit in a callback ends RunForever with ErrGoexit; the loop stays
// usable and the rest of the batch queued.
//
// # Design notes
//
// CallSoon panics on a closed loop, as every method without a result does, while
// CallSoonThreadsafe returns ErrLoopClosed: on the loop's own goroutine a closed
// loop is a fault of the program, from another it is a race that nobody can
// avoid.
//
// Await cancels what it waits for when its context ends. Without that, a
// CreateConnection that timed out would leave a connection that nobody owns.
//
// The facade is on top: transports do not import the loop, but declare what they
// need of one (transports.Host), so that they are tested without it.
package eventloop
