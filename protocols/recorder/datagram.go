package recorder

import (
	"net"
	"slices"
	"strings"

	"github.com/tidemill-go/tidemill/protocols"
)

// Datagram is for datagram endpoints what Stream is for streams. An empty
// datagram is data like any other, and ErrorReceived may run inside any
// callback, because it does so inside SendTo.
//
// Its zero value is ready for use. Hooks run after their call was recorded, and
// each may be nil; the slice given to OnData is valid during the call only.
type Datagram struct {
	OnMade   func(t protocols.DatagramTransport)
	OnData   func(data []byte, from net.Addr)
	OnError  func(err error)
	OnPause  func()
	OnResume func()
	OnLost   func(err error)

	log       Protocol // its events, their order, and Done
	transport protocols.DatagramTransport
}

var (
	_ protocols.DatagramProtocol = (*Datagram)(nil)
	_ protocols.FlowController   = (*Datagram)(nil)
)

// ConnectionMade records the call and runs OnMade.
func (d *Datagram) ConnectionMade(t protocols.DatagramTransport) {
	defer d.log.leave()
	d.log.enter(Event{Kind: Made}, func() string {
		d.transport = t
		if t == nil {
			return "made without a transport"
		}
		return ""
	})
	if d.OnMade != nil {
		d.OnMade(t)
	}
}

// DatagramReceived records a copy of data with the sender and runs OnData.
func (d *Datagram) DatagramReceived(data []byte, from net.Addr) {
	defer d.log.leave()
	d.log.enter(Event{Kind: Data, Data: slices.Clone(data), From: from}, func() string {
		if from == nil {
			return "data from nobody"
		}
		return ""
	})
	if d.OnData != nil {
		d.OnData(data, from)
	}
}

// ErrorReceived records the call and runs OnError.
func (d *Datagram) ErrorReceived(err error) {
	defer d.log.leave()
	d.log.enter(Event{Kind: Failed, Err: err}, func() string {
		if err == nil {
			return "error without one"
		}
		return ""
	})
	if d.OnError != nil {
		d.OnError(err)
	}
}

// PauseWriting records the call and runs OnPause.
func (d *Datagram) PauseWriting() {
	defer d.log.leave()
	d.log.enter(Event{Kind: Pause}, nil)
	if d.OnPause != nil {
		d.OnPause()
	}
}

// ResumeWriting records the call and runs OnResume.
func (d *Datagram) ResumeWriting() {
	defer d.log.leave()
	d.log.enter(Event{Kind: Resume}, nil)
	if d.OnResume != nil {
		d.OnResume()
	}
}

// ConnectionLost records the call, runs OnLost and closes Done, even if OnLost
// panics.
func (d *Datagram) ConnectionLost(err error) {
	defer d.log.finish()
	defer d.log.leave()
	d.log.enter(Event{Kind: Lost, Err: err}, nil)
	if d.OnLost != nil {
		d.OnLost(err)
	}
}

// Events returns what was recorded so far, in order. Any goroutine.
func (d *Datagram) Events() []Event { return d.log.Events() }

// String returns the events in one line, such as
//
//	made data(5) data(0) error(connection refused) lost(nil)
//
// with one word for each datagram. Any goroutine.
func (d *Datagram) String() string {
	var words []string
	for _, e := range d.Events() {
		words = append(words, e.String())
	}
	return strings.Join(words, " ")
}

// Datagrams returns the payloads received so far, as text. Any goroutine.
func (d *Datagram) Datagrams() (all []string) {
	for _, e := range d.Events() {
		if e.Kind == Data {
			all = append(all, string(e.Data))
		}
	}
	return all
}

// Transport returns what ConnectionMade was given, nil before. Any goroutine.
func (d *Datagram) Transport() protocols.DatagramTransport {
	d.log.mu.Lock()
	defer d.log.mu.Unlock()
	return d.transport
}

// Violations is as of Protocol.
func (d *Datagram) Violations() []string { return d.log.Violations() }

// Done is as of Protocol.
func (d *Datagram) Done() <-chan struct{} { return d.log.Done() }

// Err is as of Protocol.
func (d *Datagram) Err() error { return d.log.Err() }
