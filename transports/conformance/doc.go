// Package conformance has specs that every stream transport must pass, over
// every driver and on every loop: sections D, E and F of the contract, each
// statement a sentence.
//
//	var _ = Describe("On epoll", func() {
//		conformance.Streams("a tcp stream", func() conformance.Env { return newEnv("epoll") })
//	})
//
// The specs say only what a program and its peer can observe. What they need of
// the world around the transport is in Env and Peer; transports/memory's doubles
// and a real loop with a real socket both supply it. An Env is made for each
// spec, on the spec's goroutine, and registers its own DeferCleanup.
//
// Assertions are made on the spec's goroutine only; protocols are recorders, and
// what a hook sees it notes down. Every spec also fails if a recorder saw the
// contract broken, if something unexpected reached the exception handler, or if
// a connection can not be brought to its ConnectionLost.
package conformance
