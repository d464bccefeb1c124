// Package platform says what each operating system and each kind of loop can
// do, before anything is tried, and holds the system calls that the loops share.
// It is the only package besides the selectors, proactors, child watchers and
// signals that knows which system it runs on; all others ask it.
//
// # Tables
//
// The facts are data: rows of operations, systems, versions and kinds of loop.
// Any target's table can be asked anywhere, so a program can learn on Linux what
// it will meet on Windows:
//
//	table := platform.For(platform.Target{OS: "windows", Loop: "iocp"})
//	if err := table.Check(platform.AddReader); err != nil {
//		fmt.Println(err)
//		// AddReader: unsupported on windows by the iocp loop: completion
//		// ports report no readiness (use a selector loop)
//	}
//
// Every refusal is an *UnsupportedError with reason and alternative. Every
// method of a loop checks before it looks at an argument, calls a factory or
// opens anything, so a refusal has no effect at all.
//
// The rows of asyncio's documentation of the 3.7 era hold to the letter: on
// Windows no Unix sockets, no signal handlers, no child watchers; its selector
// loop takes at most 512 sockets and nothing else; its proactor loop has no
// datagrams, readers or writers; PTYs need macOS 10.9 with kqueue, or 10.6 with
// poll or select.
//
// What only the running kernel can tell is probed once: IOUring, PidFD,
// ClockResolution.
//
// A new system is one entry in system.go, and rows where it differs.
//
// # System calls
//
// Recv, Send, Accept and their neighbours are low-level: they take bare
// descriptors that must be non-blocking, never wait, return bare errnos, and are
// safe from any goroutine as far as the descriptor's owner allows. WouldBlock,
// IsOutOfResources and the other predicates tell what an errno means, also when
// it is wrapped. Socket is the view of a descriptor that programs may have.
package platform
