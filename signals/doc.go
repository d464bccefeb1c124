// Package signals brings the process's signals to loops, and to whoever else
// wants a plain function called. It stands on os/signal alone and never touches
// the process's signal actions by itself: everybody who uses os/signal keeps
// hearing what they asked for, and what nobody asks for any more has its default
// action back. That is Go's: SIGHUP, SIGINT and SIGTERM end the program, SIGQUIT
// and SIGABRT with the stacks, SIGTSTP stops it; SIGUSR1, SIGUSR2 and most others
// do nothing.
//
// Handlers are those of one loop: a signal becomes an ordinary callback of it.
// Loops do not know of each other. Each of several that handle the same signal
// hears of it, where asyncio has one owner per signal, and its wake-up descriptor
// is the last loop's (contract M17).
//
// # What Go's runtime does with some signals
//
// SIGKILL and SIGSTOP can not be caught. SIGCHLD, SIGURG, SIGWINCH and SIGCONT
// may be handled freely; the runtime sends SIGURG to its own threads to preempt
// goroutines, so a handler of it is called without anybody having sent one. While
// a CPU profile is taken SIGPROF is the profiler's. SIGSEGV, SIGBUS and SIGFPE
// come here when another process sends them; as faults of the program they stay
// panics. Once SIGPIPE is handled, a write to a broken pipe on descriptor 1 or 2
// no longer ends the program. Interrupted system calls are restarted (M15).
//
// Signals of one number that arrive close together may be merged by the system,
// and are merged here; at least one call follows the last of them (M13).
//
// # Windows
//
// A loop has no signal handlers there; the platform table refuses them. Watch
// works as far as os/signal does: os.Interrupt and SIGTERM stand for the console's
// events. A program ends on Ctrl-C by a context:
//
//	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
//	defer stop()
//	err := eventloop.Run(ctx, serve)
package signals
