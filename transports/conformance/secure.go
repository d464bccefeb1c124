package conformance

import (
	"errors"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

// SecureStreams is Streams for transports of TLS, whose differences it describes
// as well: they have no half-close, and their end is agreed with the peer.
//
// The Peer of such an Env speaks TLS: CloseWrite is its close_notify. Once the
// transport is closing and has nothing buffered, the peer answers close_notify at
// the next Turn, without having to read, and also at the end of ReadAll.
func SecureStreams(name string, newEnv func() Env) bool {
	return describe(name, true, newEnv, secureTopics)
}

var secureTopics = []func(w *world){
	lifeCycle, identity, secureIdentity, afterTheEnd,
	closing, secureClosing, aborting, bothEnds,
	writing, coalescing, writingAfterClose, secureEOF,
	marks, pausing, resuming, pausedEnds,
	reading, pausedReading, pausedReadingEnds,
	endOfInput, neverKeptOpen, resets,
	bufferedInput, bufferedFailures, switching, switchedInPause, switchingStyle,
	failingCallbacks, failingFlowControl, failingEnds,
	debugMode,
}

// endsLate waits for the end of a transport that was closed and got input
// afterwards: the kernel resets a plain connection, and TLS says so.
func (w *world) endsLate(p *recorder.Stream) {
	GinkgoHelper()
	if !w.secure {
		w.sees(p, "made lost(nil)")
		return
	}
	soon(w, p.String).Should(HavePrefix("made lost("))
	if err := p.Err(); err != nil {
		Expect(err).To(MatchError(protocols.ErrDataAfterClose))
	}
}

func secureIdentity(w *world) {
	It("knows the state of TLS and its configuration until ConnectionLost has returned", func() {
		p, seen := &recorder.Stream{}, &notes{}
		secure := func() bool {
			state, ok := p.Transport().ConnectionState()
			return ok && state.HandshakeComplete
		}
		p.OnMade = func(protocols.Transport) { seen.add(secure()) }
		p.OnLost = func(error) { seen.add(secure()) }
		_, t := w.connect(p)
		Expect(on(w, func() any { return t.ExtraInfo("tls.Config") })).NotTo(BeNil())
		Expect(on(w, func() any { return t.ExtraInfo("tls.ConnectionState") })).NotTo(BeNil())
		w.Do(t.Abort)
		w.gone(t)
		Expect(seen.all()).To(Equal([]string{"true", "true"}))
		Expect(on(w, func() any { return t.ExtraInfo("tls.ConnectionState") })).To(BeNil())
	})
}

func secureClosing(w *world) {
	Context("on Close", func() {
		It("waits for the peer's answer", func() {
			p := &recorder.Stream{}
			peer, t := w.connect(p)
			w.Do(func() { _ = t.Close() })
			w.stays(p, "made")
			peer.CloseWrite()
			w.sees(p, "made lost(nil)")
		})

		It("ends with ErrDataAfterClose when the peer goes on sending, and drops that", func() {
			p := &recorder.Stream{}
			peer, t := w.connect(p)
			w.Do(func() { _ = t.Close() })
			peer.Write([]byte("too late"))
			w.endsLate(p)
			Expect(p.Err()).To(MatchError(protocols.ErrDataAfterClose))
		})

		It("still sends everything when the peer goes on sending", func() {
			p := &recorder.Stream{}
			peer, t := w.connect(p)
			written := w.clog(t)
			w.Do(func() { _ = t.Close() })
			peer.Write([]byte("too late"))
			expectPattern(peer.Take(written), written)
			w.endsLate(p)
			Expect(p.Err()).To(MatchError(protocols.ErrDataAfterClose))
		})
	})
}

func secureEOF(w *world) {
	Context("asked to end one half", func() {
		It("refuses WriteEOF", func() {
			p := &recorder.Stream{}
			_, t := w.connect(p)
			Expect(on(w, t.CanWriteEOF)).To(BeFalse())
			Expect(on(w, t.WriteEOF)).To(MatchError(errors.ErrUnsupported))
			w.stays(p, "made")
		})

		It("sends close_notify by CloseWrite behind what is buffered, and goes on receiving", func() {
			p := &recorder.Stream{}
			peer, t := w.connect(p)
			written := w.clog(t)
			half := t.(protocols.CloseWriter)
			Expect(on(w, half.CloseWrite)).To(Succeed())
			Expect(on(w, half.CloseWrite)).To(Succeed())
			expectPattern(peer.Take(written), written)
			peer.Write([]byte("still here"))
			w.sees(p, "made data(10)")
			Expect(on(w, t.IsClosing)).To(BeFalse())
			Expect(on(w, func() error { _, err := t.Write([]byte("x")); return err })).To(MatchError(future.ErrInvalidState))
			peer.CloseWrite()
			w.sees(p, "made data(10) eof lost(nil)")
		})
	})
}

func neverKeptOpen(w *world) {
	It("closes whatever EOFReceived answers, with a warning if that is to stay open", func() {
		p := &recorder.Stream{}
		p.OnEOF = func() bool { return true }
		peer, _ := w.connect(p)
		peer.CloseWrite()
		w.sees(p, "made eof lost(nil)")
		Expect(w.Warnings()).To(Equal(1))
	})

	It("takes the end of the connection for the end of input, without close_notify", func() {
		p := &recorder.Stream{}
		peer, _ := w.connect(p)
		peer.Write([]byte("hello"))
		peer.(Truncator).Truncate()
		w.sees(p, "made data(5) eof lost(nil)")
	})

	It("loses a closing connection with ECONNRESET if the peer resets instead of answering", func() {
		p := &recorder.Stream{}
		peer, t := w.connect(p)
		w.Do(func() { _ = t.Close() })
		w.stays(p, "made")
		peer.Reset()
		w.sees(p, "made "+w.lost(syscall.ECONNRESET))
	})
}

// A Truncator is the Peer of a secure stream.
type Truncator interface {
	Peer

	// Truncate ends the sending half of the connection below, without
	// close_notify.
	Truncate()
}
