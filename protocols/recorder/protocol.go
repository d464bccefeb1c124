package recorder

import (
	"slices"
	"sync"

	"github.com/tidemill-go/tidemill/protocols"
)

// Protocol records the three callbacks that every protocol has. Its methods
// without a counterpart in protocols.Protocol may be called from any goroutine
// at any time.
type Protocol struct {
	// OnMade, OnData and OnLost run after the call was recorded; each may be
	// nil. The slice given to OnData is the transport's own: like that of
	// DataReceived it is valid during the call only.
	OnMade func(t protocols.Transport)
	OnData func(data []byte)
	OnLost func(err error)

	mu         sync.Mutex
	order      order
	events     []Event
	violations []string
	transport  protocols.Transport
	done       chan struct{}
	finished   bool
}

var _ protocols.Protocol = (*Protocol)(nil)

// ConnectionMade records the call and runs OnMade.
func (p *Protocol) ConnectionMade(t protocols.Transport) {
	defer p.leave()
	p.enter(Event{Kind: Made}, func() string {
		p.transport = t
		if t == nil {
			return "made without a transport"
		}
		return ""
	})
	if p.OnMade != nil {
		p.OnMade(t)
	}
}

// DataReceived records a copy of data and runs OnData.
func (p *Protocol) DataReceived(data []byte) {
	defer p.leave()
	p.enter(Event{Kind: Data, Data: slices.Clone(data)}, func() string {
		if len(data) == 0 {
			return "data without a byte"
		}
		return ""
	})
	if p.OnData != nil {
		p.OnData(data)
	}
}

// ConnectionLost records the call, runs OnLost and closes Done, even if OnLost
// panics.
func (p *Protocol) ConnectionLost(err error) {
	defer p.finish()
	defer p.leave()
	p.enter(Event{Kind: Lost, Err: err}, nil)
	if p.OnLost != nil {
		p.OnLost(err)
	}
}

// Adopt tells a recorder that it is about to take over t by SetProtocol: there
// will be no ConnectionMade, and whether writing is paused is not known. It
// records no event.
func (p *Protocol) Adopt(t protocols.Transport) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.transport = t
	p.order.phase = open
	p.order.flow = unknown
}

// Events returns what was recorded so far, in order. The data in it is the
// recorder's own and must not be changed.
func (p *Protocol) Events() []Event {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.events)
}

// String returns the events in one line, such as
//
//	made data(5) eof pause resume lost(nil)
//
// Adjacent data is merged, calls of GetBuffer are left out, and an errno is
// shown without what is around it. Nothing recorded is the empty string.
func (p *Protocol) String() string { return compact(p.Events()) }

// Data returns a copy of all bytes received so far.
func (p *Protocol) Data() []byte {
	var all []byte
	for _, e := range p.Events() {
		all = append(all, e.Data...)
	}
	return all
}

// Transport returns what ConnectionMade or Adopt was given, nil before.
func (p *Protocol) Transport() protocols.Transport {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.transport
}

// Violations returns a sentence for every call that broke the contract, in the
// words of String: "data after eof", "lost inside data". Nil means none.
func (p *Protocol) Violations() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.violations)
}

// Done returns a channel that is closed when ConnectionLost, with its hook, is
// over.
func (p *Protocol) Done() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.doneLocked()
}

// Err returns what ConnectionLost was given; nil before that, and after a
// regular end. Done tells the two apart.
func (p *Protocol) Err() error {
	for _, e := range p.Events() {
		if e.Kind == Lost {
			return e.Err
		}
	}
	return nil
}

// enter records e and what is wrong with it. check runs under the lock and may
// be nil. The lock is not held when the caller's hook runs, because a hook may
// call a transport that calls PauseWriting back.
func (p *Protocol) enter(e Event, check func() (wrong string)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events = append(p.events, e)
	p.violations = append(p.violations, p.order.enter(e.Kind)...)
	if check != nil {
		if wrong := check(); wrong != "" {
			p.violations = append(p.violations, wrong)
		}
	}
}

func (p *Protocol) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.order.leave()
}

// finish tolerates a second ConnectionLost: that is a violation to report, not
// a reason to panic on the loop's goroutine.
func (p *Protocol) finish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.finished {
		p.finished = true
		close(p.doneLocked())
	}
}

func (p *Protocol) doneLocked() chan struct{} {
	if p.done == nil {
		p.done = make(chan struct{})
	}
	return p.done
}
