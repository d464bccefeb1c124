package main

import "github.com/tidemill-go/tidemill/protocols"

// Main is the program, for the test binary that is to be it.
var Main = main

// Heard is what a decoder found.
type Heard struct {
	Text   []byte
	Asked  [][2]byte
	Told   [][]byte // the option, then the payload
	Pieces int      // of text
}

func (h *Heard) text(b []byte)            { h.Text = append(h.Text, b...); h.Pieces++ }
func (h *Heard) asked(verb, option byte)  { h.Asked = append(h.Asked, [2]byte{verb, option}) }
func (h *Heard) told(o byte, data []byte) { h.Told = append(h.Told, append([]byte{o}, data...)) }

// Decode gives a new decoder the pieces one after the other.
func Decode(pieces ...[]byte) *Heard {
	d, h := decoder{}, &Heard{}
	for _, piece := range pieces {
		d.decode(piece, h)
	}
	return h
}

// Size is a size there and back.
func Size(size protocols.WindowSize) (protocols.WindowSize, []byte, bool) {
	wire := encodeSize(size)
	h := Decode(wire)
	back, ok := decodeSize(h.Told[0][1:])
	return back, wire, ok && h.Told[0][0] == optionNAWS
}

// Exit is a return code there and back.
func Exit(code int) (int, []byte, bool) {
	wire := encodeExit(code)
	h := Decode(wire)
	back, ok := decodeExit(h.Told[0][1:])
	return back, wire, ok && h.Told[0][0] == optionExit
}

var (
	DecodeSize = decodeSize
	DecodeExit = decodeExit
	Escaped    = escaped
)
