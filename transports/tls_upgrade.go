package transports

import (
	"fmt"

	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/protocols"
)

// UpgradeTLS puts a TLS between a live transport and p, which is as a rule the
// protocol that it has. There is no second ConnectionMade; cfg.Made is called
// when the TLS is there, and whatever happens p hears ConnectionLost. From now on
// the old transport belongs to the TLS.
//
// Clear text that is still buffered is sent first, and if p was paused because of
// it, it is resumed by the TLS (contract N29). Marks that cfg does not give are
// those of the old transport. What p has received already stays with it (N27).
//
// It returns an error that is os.ErrInvalid for a transport that can not be
// upgraded, one with a single direction or a terminal (N26), and ErrInvalidState
// for one that is closing, has ended its output or is sending a file; the
// transport is as before then.
func UpgradeTLS(host Host, below protocols.Transport, p protocols.Protocol, cfg TLSConfig) (*TLS, error) {
	s, err := upgradable(below)
	if err != nil {
		return nil, err
	}
	if cfg.WriteBufferLimits == (protocols.Watermarks{}) {
		cfg.WriteBufferLimits = marksOf(s)
	}
	t, err := NewTLS(host, p, cfg)
	if err != nil {
		return nil, err
	}
	t.facts |= upgraded
	t.state |= s.state & writerPaused
	if s.size() > 0 {
		t.facts |= clogged
	}
	below.SetProtocol(t.Lower())
	t.start(below)
	below.ResumeReading()
	return t, nil
}

// CanUpgradeTLS reports whether UpgradeTLS takes this kind of transport.
func CanUpgradeTLS(t protocols.Transport) bool { return streamOf(t) != nil }

// streamOf returns the stream of a transport that has both directions to itself,
// nil if it is none of ours.
func streamOf(t protocols.Transport) *Stream {
	switch t := t.(type) {
	case *Stream:
		return t
	case *TLS:
		return &t.stream
	}
	return nil
}

// upgradable returns the stream of a transport that can be upgraded now.
func upgradable(t protocols.Transport) (*Stream, error) {
	s := streamOf(t)
	if s == nil {
		return nil, invalid(fmt.Sprintf("a %T can not be upgraded to TLS", t))
	}
	switch {
	case t.IsClosing():
		return nil, fmt.Errorf("%w: StartTLS on a transport that is closing", future.ErrInvalidState)
	case s.is(eofWanted | reserved):
		return nil, s.notMine("StartTLS")
	}
	return s, nil
}

// marksOf are a stream's marks as a configuration spells them.
func marksOf(s *Stream) protocols.Watermarks {
	w := s.marks
	if w.Low == 0 {
		w.Low = protocols.Empty
	}
	if w.High == 0 {
		w.High = protocols.Empty
	}
	return w
}
