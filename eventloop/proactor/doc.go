// Package proactor submits operations and reports their ends: io_uring on Linux
// and I/O completion ports on Windows, behind the interface Proactor. It knows
// descriptors, tags and memory, and neither a loop nor what the bytes mean.
//
//	p, err := proactor.New("", nil) // the best of this system
//	if err != nil {
//		return err
//	}
//	defer p.Close()
//	if err := p.Attach(fd, tag); err != nil {
//		return err
//	}
//	p.Receive(fd, tag, false)
//	done, err := p.Wait(time.Now().Add(time.Second), func() bool { return true })
//	for _, c := range done {
//		if c.HasBuffer() {
//			use(p.Bytes(c.Outcome))
//			p.Recycle(c.Outcome)
//		}
//	}
//
// # Goroutines
//
// Wait and Close belong to one thread, not only to one goroutine: io_uring's
// fastest mode does its work in the thread that asks for it and refuses all
// others. The goroutine that calls Wait first must have called
// runtime.LockOSThread and must call Wait and Close ever after. Submitting and
// recycling never wait: any goroutine may do that, but one at a time, and not
// beside Wait. Wake alone may be called from anywhere, at any time.
//
// # io_uring
//
// Linux 5.11 is the minimum: it made a wait with a timeout a part of
// io_uring_enter. What later kernels added is probed when a Proactor is made, or
// tried at the first use, and done without where it is missing:
//
//	5.13  multishot poll, for waking      else armed anew after each
//	5.19  rings of provided buffers       else readiness is awaited, then received
//	5.19  multishot accept                else one accept at a time
//	5.19  COOP_TASKRUN                    else the kernel interrupts the thread
//	6.0   multishot receive               else one receive at a time
//	6.0   SINGLE_ISSUER                   else the ring takes a lock
//	6.1   DEFER_TASKRUN                   else COOP_TASKRUN
//
// Rings and receive buffers lie outside Go's heap. Memory that is sent from lies
// in it: Go's collector does not move heap objects, and who submits a Send keeps
// a reference until its completion.
//
// # iocp
//
// An operation is submitted with the call that begins it, and what that call
// tells already needs no packet, if the handle is one of the kernel's.
//
// A receive waits with no memory, for a socket's or a pipe's first byte, and then
// takes what is there, so that an idle connection holds no buffer; it never goes
// on. A send completes when the system has taken all of it, and is cut into
// pieces that show the progress. An accept keeps a few sockets ready, up to
// sixteen where connections come in crowds: as many may be taken before the
// program gets to see the first of them.
//
// A file belongs to one port, from Attach to Detach. Wine, and Windows before
// 8.1, can not end that: there Detach only remembers the number, so that the same
// file may come back, and another loop can not have it.
//
// What the kernel writes to while an operation is under way lies outside Go's
// heap.
//
// # Adding a mechanism
//
// One file with the type, and one line in the table mechanisms of each system
// that has it. The specs of this package take the mechanisms from the table.
package proactor
