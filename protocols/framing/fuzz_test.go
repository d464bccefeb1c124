package framing_test

import (
	"reflect"
	"testing"

	"github.com/tidemill-go/tidemill/protocols/framing"
)

// check is what every framing promises of every stream: frames and errors do not
// depend on the pieces, memory stays within the limit, and what was a frame can be
// written and read again.
func check(t *testing.T, f framing.Framing, stream, cuts []byte) {
	t.Helper()
	whole, memory := decode(f, [][]byte{stream})
	if memory > f.MaxSize() {
		t.Fatalf("%#v held %d bytes of a stream in one piece", f, memory)
	}
	for name, pieces := range map[string][][]byte{"single bytes": cutAll(stream, 1), "cuts": cutBy(stream, cuts)} {
		got, memory := decode(f, pieces)
		if got.Kind, whole.Kind = nil, nil; !reflect.DeepEqual(got, whole) {
			t.Fatalf("%#v in %s: %q\nin one piece: %q", f, name, got, whole)
		}
		if memory > f.MaxSize() {
			t.Fatalf("%#v held %d bytes in %s, of at most %d", f, memory, name, f.MaxSize())
		}
	}
	var again []byte
	for _, frame := range whole.Frames {
		var err error
		if again, err = f.Append(again, []byte(frame)); err != nil {
			t.Fatalf("%#v does not write the frame %q that it has read: %v", f, frame, err)
		}
	}
	if got, _ := decode(f, [][]byte{again}); got.Err != "" || !reflect.DeepEqual(got.Frames, whole.Frames) {
		t.Fatalf("%#v writes what it does not read: %q for %q", f, got, whole.Frames)
	}
	if longer, err := f.Append(nil, stream); err == nil {
		if got, _ := decode(f, [][]byte{longer}); got.Err != "" || len(got.Frames) != 1 || got.Frames[0] != string(stream) {
			t.Fatalf("%#v reads %q of %q", f, got, longer)
		}
	}
}

func FuzzLines(f *testing.F) {
	for _, s := range []string{"", "\n", "one\ntwo\r\nthree", "\r\n\r\r\n", "12345678\r\n123456789\n", "\r", "a\rb\n", "12345678\r9"} {
		f.Add([]byte(s), []byte{0, 2, 5}, 8)
	}
	f.Fuzz(func(t *testing.T, stream, cuts []byte, limit int) {
		limit = limit&0xfff + 1
		check(t, framing.Lines{Limit: limit, CRLF: true}, stream, cuts)
		if frames, _ := decode(framing.Lines{Limit: limit}, [][]byte{stream}); !endsInReturn(frames.Frames) {
			check(t, framing.Lines{Limit: limit}, stream, cuts)
		}
	})
}

// endsInReturn reports whether there is a line that only CRLF can write.
func endsInReturn(lines []string) bool {
	for _, l := range lines {
		if len(l) > 0 && l[len(l)-1] == '\r' {
			return true
		}
	}
	return false
}

func FuzzLengthPrefixed(f *testing.F) {
	for _, s := range []string{
		"", "\x00", "\x01a\x00\x02bc", "\x00\x03abc\x00\x00", "\x03\x00abc", "\x00\x00\x00\x05hello\x00",
		"\x00\x00\x00\x00\x00\x00\x00\x01z", "\xff\xff\xff\xff\xff\xff\xff\xff", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01x",
		"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
	} {
		for kind := range uint8(9) {
			f.Add([]byte(s), []byte{0, 1, 3}, 16, kind)
		}
	}
	f.Fuzz(func(t *testing.T, stream, cuts []byte, limit int, kind uint8) {
		width := []int{0, 1, 2, 4, 8, framing.Uvarint}[kind%6]
		check(t, framing.LengthPrefixed{Bytes: width, LittleEndian: kind&0x80 != 0, Limit: limit&0xfff + 1}, stream, cuts)
	})
}

func FuzzNetstrings(f *testing.F) {
	for _, s := range []string{"", "0:,", "5:hello,", "5:hello,0:,3:a,b,", "05:hello,", "5hello", ":,", "3:abc;", "99999999999999999999:", "17:", "00:,", "-1:,"} {
		f.Add([]byte(s), []byte{0, 1, 3}, 16)
	}
	f.Fuzz(func(t *testing.T, stream, cuts []byte, limit int) {
		check(t, framing.Netstrings{Limit: limit&0xfff + 1}, stream, cuts)
	})
}
