package transports

import (
	"github.com/tidemill-go/tidemill/protocols"
)

// stream is a Stream that is part of another transport.
type stream = Stream

// pipe is what the transports of both ends of a pipe have in common. They are
// streams with one half only; what differs is in ReadPipe and WritePipe, whose
// methods hide those of the stream, also from the driver.
type pipe struct {
	stream
	rare Hooks
}

// PipeConfig is how a pipe begins.
type PipeConfig struct {
	// Made is called when ConnectionMade has returned or failed, before the
	// first byte is read; Closing when ConnectionLost has, right before the
	// descriptor is closed. Each may be nil.
	Made    func()
	Closing func()

	// Silent says that the other end's going away is not to be waited for: a
	// writing end that is a character device, or that can be read as well.
	Silent bool
}

// begin opens the stream of a pipe as a part of outer.
func (p *pipe) begin(host Host, fd int, k Kind, protocol protocols.Protocol, cfg PipeConfig, outer interface {
	protocols.Transport
	Sink
}) error {
	p.rare.outer = outer
	if cfg.Made != nil {
		p.rare.Made = func(*Stream) { cfg.Made() }
	}
	if cfg.Closing != nil {
		p.rare.Closing = func(*Stream) { cfg.Closing() }
	}
	if cfg.Silent {
		p.state |= inputPaused
	}
	return p.open(host, fd, protocol, &StreamConfig{Kind: k, Hooks: &p.rare}, outer)
}

// ExtraInfo implements protocols.BaseTransport.
func (p *pipe) ExtraInfo(name string) any {
	if name == "pipe" {
		return &p.names.view().Descriptor
	}
	return nil
}
