// Package memory has doubles for specs of protocols and transports: a loop
// without a goroutine, a kernel without descriptors, and a Driver of each style
// over them. Nothing in it waits, and nothing happens unless the spec steps it.
//
//	host, _ := memory.NewReadiness()
//	near, far := host.Pair(0)
//	p := &recorder.Stream{}
//	s, err := transports.NewStream(host, near.FD(), p, transports.StreamConfig{})
//	...
//	far.Write([]byte("hello"))
//	host.RunUntilIdle()
//	Expect(p.String()).To(Equal("made data(5)"))
//
// # The parts
//
// A Host is a transports.Host with a ready queue that the spec steps and a clock
// that it advances. Step is one iteration, in the order that package eventloop
// documents. What reaches the exception handler is recorded.
//
// Pair makes a connection. Each End has a descriptor number for a transport, or
// is played by the spec itself: what it writes, reads, half-closes, resets. Each
// direction has a capacity, can be clogged and can be made to trickle. The ends
// behave as TCP's do on Linux: input that arrived is read before a reset is
// seen, closing with unread input resets, the first write to a peer that is gone
// succeeds.
//
// Readiness and Completion are the two styles of transports.Driver over these
// ends. They are fakes that keep the whole contract, and stricter than real
// ones: outside debug mode they overwrite their receive memory after every call
// of a Sink, and they panic if a transport breaks its side (two Sends at once,
// TrySend or CloseWrite beside one, memory of a Send changed before it was
// reported, reading on after ReadEnd). Completion can also hold back, reorder
// and cancel what it reports.
//
// Descriptor numbers are far below zero: a system call that is made with one by
// mistake gets EBADF and reaches nobody.
//
// Everything belongs to the goroutine that steps the host, except where said.
package memory
