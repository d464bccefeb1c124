package conformance

import (
	"fmt"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/transports"
)

const (
	patient = 5 * time.Second
	unpaced = time.Millisecond
)

// world is an Env with one spec's connections.
type world struct {
	Env
	recorders []recording
	failing   bool // the spec has looked at the failures
	secure    bool // it is about TLS
}

// recording is what all types of package recorder have.
type recording interface {
	fmt.Stringer
	Adopt(protocols.Transport)
	Transport() protocols.Transport
	Done() <-chan struct{}
	Violations() []string
}

// connect is Connect for a recorder.
func (w *world) connect(p interface {
	recording
	protocols.Protocol
}) (Peer, protocols.Transport) {
	GinkgoHelper()
	w.recorders = append(w.recorders, p)
	peer := w.Connect(p)
	Expect(p.Transport()).NotTo(BeNil(), "ConnectionMade was not called")
	return peer, p.Transport()
}

// adopt prepares a recorder for SetProtocol.
func (w *world) adopt(p recording, t protocols.Transport) {
	p.Adopt(t)
	w.recorders = append(w.recorders, p)
}

// end brings every connection to its ConnectionLost and checks what must hold in
// every spec.
func (w *world) end() {
	for _, p := range w.recorders {
		if t := p.Transport(); t != nil {
			w.Do(t.Abort)
			w.gone(t)
		}
	}
	w.Settle()
	for _, p := range w.recorders {
		Expect(p.Violations()).To(BeEmpty())
	}
	if !w.failing {
		Expect(w.Failures()).To(BeEmpty(), "reported to the exception handler")
	}
}

// soon polls ask on the spec's goroutine.
func soon[T any](w *world, ask func() T) AsyncAssertion {
	GinkgoHelper()
	return Eventually(func() T {
		w.Turn()
		return ask()
	}).WithTimeout(patient).WithPolling(unpaced)
}

// gone waits until ConnectionLost has returned.
func (w *world) gone(t protocols.Transport) {
	GinkgoHelper()
	soon(w, func() bool { return on(w, t.Protocol) == nil }).Should(BeTrue(), "ConnectionLost never returned")
}

// sees waits until p has recorded exactly this.
func (w *world) sees(p fmt.Stringer, events string) {
	GinkgoHelper()
	soon(w, p.String).Should(Equal(events))
}

// stays expects p to have recorded this and no more when all is settled.
func (w *world) stays(p fmt.Stringer, events string) {
	GinkgoHelper()
	w.Settle()
	Expect(p.String()).To(Equal(events))
}

// reported waits for n failures, which end no longer holds against the spec.
func (w *world) reported(n int) []transports.Failure {
	GinkgoHelper()
	w.failing = true
	soon(w, w.Failures).Should(HaveLen(n))
	w.Settle()
	Expect(w.Failures()).To(HaveLen(n))
	return w.Failures()
}

// on asks f on the loop's goroutine.
func on[T any](w *world, f func() T) (answer T) {
	w.Do(func() { answer = f() })
	return answer
}

// notes is what hooks see, for the spec's goroutine to look at.
type notes struct {
	mu    sync.Mutex
	lines []string
}

func (n *notes) add(values ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, fmt.Sprint(values...))
}

func (n *notes) all() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]string{}, n.lines...)
}
