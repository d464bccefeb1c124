package main

import (
	"bytes"
	"encoding/binary"

	"github.com/tidemill-go/tidemill/protocols"
)

// What telnet puts between the bytes of a session (RFC 854). Everything that is
// not text begins with iac, and text doubles it.
const (
	iac  = 255
	dont = 254
	do   = 253
	wont = 252
	will = 251
	sb   = 250 // a subnegotiation begins
	se   = 240 // and ends, behind an iac

	// optionNAWS is the window's size (RFC 1073).
	optionNAWS = 31

	// optionExit is ours: how the shell has ended. The number is nobody's.
	optionExit = 131
)

// longestPayload is more than any subnegotiation that we know has.
const longestPayload = 16

// listener is who hears what a decoder finds.
type listener interface {
	// text is what the other side has said. b is valid for the call.
	text(b []byte)

	// asked is one of will, wont, do and dont.
	asked(verb, option byte)

	// told is a subnegotiation. payload is valid for the call.
	told(option byte, payload []byte)
}

// decoder takes a stream of telnet apart, however it is cut into pieces. Its zero
// value is ready.
type decoder struct {
	state   decoding
	verb    byte
	option  byte
	payload []byte
	tooLong bool
}

type decoding uint8

const (
	inText decoding = iota
	afterIAC
	afterVerb
	afterSB
	inPayload
	afterPayloadIAC
)

// decode tells to what is in b.
func (d *decoder) decode(b []byte, to listener) {
	for len(b) > 0 {
		if d.state == inText {
			b = d.plain(b, to)
			continue
		}
		d.step(b[0], to)
		b = b[1:]
	}
}

// plain passes text on up to the next iac.
func (d *decoder) plain(b []byte, to listener) (rest []byte) {
	i := bytes.IndexByte(b, iac)
	if i < 0 {
		to.text(b)
		return nil
	}
	if i > 0 {
		to.text(b[:i])
	}
	d.state = afterIAC
	return b[i+1:]
}

func (d *decoder) step(c byte, to listener) {
	switch d.state {
	case afterIAC:
		d.command(c, to)
	case afterVerb:
		d.state = inText
		to.asked(d.verb, c)
	case afterSB:
		d.option, d.payload, d.tooLong = c, d.payload[:0], false
		d.state = inPayload
	case inPayload:
		if c == iac {
			d.state = afterPayloadIAC
			return
		}
		d.keep(c)
	case afterPayloadIAC:
		d.endPayload(c, to)
	}
}

// command is what follows an iac in text. Commands without an argument, such as
// "are you there", mean nothing here.
func (d *decoder) command(c byte, to listener) {
	d.state = inText
	switch c {
	case iac:
		to.text([]byte{iac})
	case will, wont, do, dont:
		d.verb, d.state = c, afterVerb
	case sb:
		d.state = afterSB
	}
}

func (d *decoder) keep(c byte) {
	if len(d.payload) == longestPayload {
		d.tooLong = true
		return
	}
	d.payload = append(d.payload, c)
}

// endPayload is what follows an iac in a payload. One that is broken off by
// another command is forgotten, and the command counts.
func (d *decoder) endPayload(c byte, to listener) {
	switch {
	case c == iac:
		d.keep(iac)
		d.state = inPayload
	case c != se:
		d.command(c, to)
	default:
		d.state = inText
		if !d.tooLong {
			to.told(d.option, d.payload)
		}
	}
}

// escaped is text as telnet sends it: b itself, if there is nothing to double.
func escaped(b []byte) []byte {
	if bytes.IndexByte(b, iac) < 0 {
		return b
	}
	return bytes.ReplaceAll(b, []byte{iac}, []byte{iac, iac})
}

func subnegotiation(option byte, payload []byte) []byte {
	b := append([]byte{iac, sb, option}, escaped(payload)...)
	return append(b, iac, se)
}

// encodeSize says how large a window is: columns first.
func encodeSize(size protocols.WindowSize) []byte {
	payload := binary.BigEndian.AppendUint16(nil, size.Columns)
	return subnegotiation(optionNAWS, binary.BigEndian.AppendUint16(payload, size.Rows))
}

func decodeSize(payload []byte) (size protocols.WindowSize, ok bool) {
	if len(payload) != 4 {
		return size, false
	}
	size.Columns = binary.BigEndian.Uint16(payload)
	size.Rows = binary.BigEndian.Uint16(payload[2:])
	return size, true
}

// encodeExit says how the shell has ended, as SubprocessTransport.ReturnCode
// spells it: a number of four bytes, below zero for a signal.
func encodeExit(code int) []byte {
	return subnegotiation(optionExit, binary.BigEndian.AppendUint32(nil, uint32(int32(code))))
}

func decodeExit(payload []byte) (code int, ok bool) {
	if len(payload) != 4 {
		return 0, false
	}
	return int(int32(binary.BigEndian.Uint32(payload))), true
}
