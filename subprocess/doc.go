// Package subprocess has child processes with asyncio's protocol: what to start
// (Spec), the transport of a child and its pipes, and the watchers that notice
// its end. Programs start children through a loop:
//
//	c, err := l.SubprocessExec(subprocess.Held, subprocess.Spec{Path: "sort"}).Await(ctx)
//	...
//	sorted, _, err := c.Transport.Communicate(ctx, []byte("b\na\n"))
//
// A child has a life of its own, which the protocol sees in two parts: the child
// itself ends (ProcessExited), and each of its pipes ends (PipeConnectionLost). A
// grandchild that has inherited a pipe keeps it open beyond the child's end.
// ConnectionLost comes when all of it is over.
//
// Everything but what says otherwise belongs to the goroutine of the loop. A
// child is started on it, which keeps the loop busy for about as long as
// fork(2) and exec(2) take.
package subprocess
