package transports

import (
	"net"
	"slices"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
)

// PauseReading implements protocols.ReadTransport. What the kernel has handed
// over already is held, what comes later waits in the kernel, as far as its
// buffer goes. Errors are told all the same.
func (d *Datagram) PauseReading() {
	d.mustBeOnLoop("PauseReading")
	if d.deaf() {
		return
	}
	d.state |= inputPaused
	if d.is(isMade) {
		d.host.Driver().Read(d.handle, false)
	}
}

// ResumeReading implements protocols.ReadTransport.
func (d *Datagram) ResumeReading() {
	d.mustBeOnLoop("ResumeReading")
	if !d.is(inputPaused) || d.is(isClosing) {
		return
	}
	d.state &^= inputPaused
	d.readOn()
}

// IsReading implements protocols.ReadTransport.
func (d *Datagram) IsReading() bool { return !d.deaf() }

// deaf reports whether nothing may be delivered now.
func (d *Datagram) deaf() bool { return d.is(inputPaused | isClosing) }

// readOn goes on with what is held, and then with what comes.
func (d *Datagram) readOn() {
	switch {
	case len(d.held) > 0:
		d.host.CallSoon(d.deliverHeld)
	case d.is(isMade) && !d.deaf():
		d.host.Driver().Read(d.handle, true)
	}
}

func (d *Datagram) deliverHeld() {
	if d.deaf() || len(d.held) == 0 {
		return
	}
	held := d.held
	d.held = nil
	d.handOut(held)
	d.readOn()
}

// Arrived implements DatagramSink.
func (d *Datagram) Arrived(batch []platform.Datagram) {
	buffers := d.host.Buffers()
	list := buffers.arrived[:0]
	for i := range batch {
		b := &batch[i]
		if b.Truncated {
			d.handOut(list)
			list = list[:0]
			d.receiveFailed(d.sender(b.From).net, platform.EMSGSIZE)
			continue
		}
		p := d.sender(b.From)
		list = append(list, protocols.Datagram{
			Data: b.Data, Addr: p.addr, From: p.net, Destination: b.To, Interface: b.Interface,
		})
	}
	buffers.arrived = list
	d.handOut(list)
}

func (d *Datagram) sender(name *platform.Name) *correspondent {
	return d.senders.find(name, d.network)
}

// ReceiveFailed implements DatagramSink.
func (d *Datagram) ReceiveFailed(err error) { d.receiveFailed(nil, err) }

// receiveFailed tells an error of the receiving half, also while it is paused: it is
// no input, and the kernel tells of it only once.
func (d *Datagram) receiveFailed(from net.Addr, err error) {
	if !d.is(isClosing) {
		d.errorReceived(d.opError("recvmsg", from, err))
	}
}

// Broken implements DatagramSink: an endpoint that can not receive is over.
func (d *Datagram) Broken(err error) {
	d.lose(d.opError("watch", nil, err))
}

// handOut delivers datagrams, and then sends what the protocol has sent
// meanwhile, in as few system calls as it takes. What can not be delivered,
// because the protocol has paused, is held.
func (d *Datagram) handOut(list []protocols.Datagram) {
	done := 0
	d.handingOut = true
	defer func() { // also when a Goexit in the protocol ends this goroutine
		d.handingOut = false
		d.hold(list[done:])
		d.offer()
		d.drained()
	}()
	for done < len(list) && !d.deaf() {
		d.deliver(list, &done)
	}
}

// deliver calls the protocol until all are delivered, reading stops, or a call
// panics. done counts.
func (d *Datagram) deliver(list []protocols.Datagram, done *int) {
	defer d.guard("DatagramReceived")
	for *done < len(list) && !d.deaf() {
		first := *done
		if d.batches != nil {
			*done = len(list)
			d.batches.DatagramsReceived(list[first:])
		} else {
			*done = first + 1
			d.protocol.DatagramReceived(list[first].Data, list[first].From)
		}
		d.poison(list[first:*done])
	}
}

func (d *Datagram) poison(list []protocols.Datagram) {
	if d.host.Debug() {
		for i := range list {
			poison(list[i].Data)
		}
	}
}

// hold keeps a copy of what was not delivered.
func (d *Datagram) hold(list []protocols.Datagram) {
	if len(list) == 0 || d.is(isClosing) {
		return
	}
	d.host.Driver().Read(d.handle, false)
	for _, b := range list {
		b.Data = slices.Clone(b.Data)
		d.held = append(d.held, b)
	}
	if !d.deaf() {
		d.readOn()
	}
}
