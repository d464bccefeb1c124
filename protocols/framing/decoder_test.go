package framing_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"unsafe"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/protocols/framing"
)

var _ = Describe("a Framing", func() {
	three := []string{"one", "", "three"}
	long := strings.Repeat("x", 300)

	DescribeTable("reads and writes its form",
		func(f framing.Framing, stream string, frames []string) {
			for _, size := range []int{len(stream), 1, 2, 3} {
				got, memory := decode(f, cutAll([]byte(stream), size))
				Expect(got).To(Equal(outcome{Frames: frames}), "in pieces of %d", size)
				Expect(memory).To(BeNumerically("<=", f.MaxSize()))
			}
			var written []byte
			for _, frame := range frames {
				var err error
				written, err = f.Append(written, []byte(frame))
				Expect(err).NotTo(HaveOccurred())
			}
			Expect(string(written)).To(Equal(stream))
		},
		Entry("of lines", framing.Lines{}, "one\n\nthree\n", three),
		Entry("of lines as the internet's protocols end them", framing.Lines{CRLF: true}, "one\r\n\r\nthree\r\n", three),
		Entry("of lines as long as the limit", framing.Lines{Limit: 5}, "one\nthree\n", []string{"one", "three"}),
		Entry("of such lines with their other end", framing.Lines{Limit: 5, CRLF: true}, "one\r\nthree\r\n", []string{"one", "three"}),
		Entry("of one byte of length", framing.LengthPrefixed{Bytes: 1}, "\x03one\x00\x05three", three),
		Entry("of two", framing.LengthPrefixed{Bytes: 2}, "\x00\x03one\x00\x00\x00\x05three", three),
		Entry("of two, the lowest first", framing.LengthPrefixed{Bytes: 2, LittleEndian: true}, "\x2c\x01"+long, []string{long}),
		Entry("of four, unless told otherwise", framing.LengthPrefixed{}, "\x00\x00\x01\x2c"+long, []string{long}),
		Entry("of four, the lowest first", framing.LengthPrefixed{Bytes: 4, LittleEndian: true}, "\x2c\x01\x00\x00"+long, []string{long}),
		Entry("of eight", framing.LengthPrefixed{Bytes: 8}, "\x00\x00\x00\x00\x00\x00\x01\x2c"+long, []string{long}),
		Entry("of eight, the lowest first", framing.LengthPrefixed{Bytes: 8, LittleEndian: true}, "\x2c\x01\x00\x00\x00\x00\x00\x00"+long, []string{long}),
		Entry("of a varint", framing.LengthPrefixed{Bytes: framing.Uvarint}, "\x03one\x00\xac\x02"+long, []string{"one", "", long}),
		Entry("of netstrings", framing.Netstrings{}, "3:one,0:,300:"+long+",", []string{"one", "", long}),
	)

	DescribeTable("refuses, and calls it a LimitError,",
		func(f framing.Framing, stream string, limit int, size uint64) {
			for _, pieces := range [][][]byte{{[]byte(stream)}, cutAll([]byte(stream), 1)} {
				got, memory := decode(f, pieces)
				Expect(got.Frames).To(BeEmpty())
				Expect(got.Kind).To(Equal(error(&framing.LimitError{Limit: limit, Size: size})))
				Expect(memory).To(BeNumerically("<=", f.MaxSize()))
			}
		},
		Entry("a longer line", framing.Lines{Limit: 4}, "12345\n", 4, uint64(5)),
		Entry("a longer line before its end has come", framing.Lines{Limit: 4}, "12345", 4, uint64(5)),
		Entry("a line that only its carriage return would keep within the limit", framing.Lines{Limit: 4}, "1234\r5", 4, uint64(5)),
		Entry("a length as soon as it is read", framing.LengthPrefixed{Limit: 100}, "\x00\x00\x00\x65", 100, uint64(101)),
		Entry("a length that no memory has", framing.LengthPrefixed{Bytes: 8, Limit: 100}, strings.Repeat("\xff", 8), 100, uint64(1<<64-1)),
		Entry("a varint's", framing.LengthPrefixed{Bytes: framing.Uvarint, Limit: 100}, "\xff\xff\x03", 100, uint64(65535)),
		Entry("a length over the default limit", framing.LengthPrefixed{}, "\x00\x01\x00\x01", 65536, uint64(65537)),
		Entry("a netstring as soon as its digits say so", framing.Netstrings{Limit: 100}, "999", 100, uint64(999)),
	)

	DescribeTable("calls malformed",
		func(f framing.Framing, stream string) {
			for _, pieces := range [][][]byte{{[]byte(stream)}, cutAll([]byte(stream), 1)} {
				got, _ := decode(f, pieces)
				Expect(got.Kind).To(MatchError(framing.ErrMalformed))
			}
		},
		Entry("a varint of more than 64 bits", framing.LengthPrefixed{Bytes: framing.Uvarint}, strings.Repeat("\xff", 9)+"\x02"),
		Entry("a varint that does not end", framing.LengthPrefixed{Bytes: framing.Uvarint}, strings.Repeat("\x80", 10)),
		Entry("a netstring without a comma", framing.Netstrings{}, "3:one;"),
		Entry("a netstring without a length", framing.Netstrings{}, ":"),
		Entry("a length with leading zeros", framing.Netstrings{}, "03"),
		Entry("a length that is no number", framing.Netstrings{}, "3x"),
	)

	DescribeTable("tells what the end of input has cut off",
		func(f framing.Framing, stream, partial string, expected int) {
			for _, pieces := range [][][]byte{{[]byte(stream)}, cutAll([]byte(stream), 1)} {
				got, _ := decode(f, pieces)
				Expect(got.Kind).To(Equal(error(&framing.IncompleteError{Partial: []byte(partial), Expected: expected})))
				Expect(got.Kind).To(MatchError(io.ErrUnexpectedEOF))
				Expect(got.Kind).NotTo(MatchError(io.EOF))
			}
		},
		Entry("of a line", framing.Lines{}, "one\ntw", "tw", 0),
		Entry("of a length", framing.LengthPrefixed{}, "\x00\x00", "\x00\x00", 4),
		Entry("of a frame", framing.LengthPrefixed{Bytes: 1}, "\x05abc", "\x05abc", 6),
		Entry("of a netstring", framing.Netstrings{}, "0:,5:ab", "5:ab", 8),
	)

	DescribeTable("does not write what would not be read back",
		func(f framing.Framing, frame string, match OmegaMatcher) {
			got, err := f.Append([]byte("before"), []byte(frame))
			Expect(err).To(match)
			Expect(string(got)).To(Equal("before"))
		},
		Entry("a line with a line feed", framing.Lines{}, "a\nb", MatchError(framing.ErrMalformed)),
		Entry("a line with a carriage return at its end", framing.Lines{}, "a\r", MatchError(framing.ErrMalformed)),
		Entry("a longer line", framing.Lines{Limit: 2}, "abc", Equal(&framing.LimitError{Limit: 2, Size: 3})),
		Entry("more than a byte can say", framing.LengthPrefixed{Bytes: 1}, long, Equal(&framing.LimitError{Limit: 255, Size: 300})),
		Entry("a longer netstring", framing.Netstrings{Limit: 2}, "abc", Equal(&framing.LimitError{Limit: 2, Size: 3})),
	)

	DescribeTable("is refused as an argument",
		func(f framing.Framing) {
			_, err := f.Split([]byte("x"), 0)
			Expect(err).To(MatchError(os.ErrInvalid))
			_, err = f.Append(nil, []byte("x"))
			Expect(err).To(MatchError(os.ErrInvalid))
		},
		Entry("with a negative limit for lines", framing.Lines{Limit: -1}),
		Entry("with a negative limit for a length", framing.LengthPrefixed{Limit: -1}),
		Entry("with a negative limit for netstrings", framing.Netstrings{Limit: -1}),
		Entry("with a length of three bytes", framing.LengthPrefixed{Bytes: 3}),
	)
})

// endless claims to find a frame one day, and never does.
type endless struct{ framing.Lines }

func (endless) Split([]byte, int) (framing.Cut, error) { return framing.Cut{}, nil }

var _ = Describe("Decoder", func() {
	It("copies no frame that lies within one piece", func() {
		data := []byte("one\ntwo\nthr")
		d := framing.NewDecoder(framing.Lines{})
		frame, rest, ok, err := d.Next(data)
		Expect([]any{string(frame), string(rest), ok, err}).To(Equal([]any{"one", "two\nthr", true, nil}))
		Expect(unsafe.SliceData(frame)).To(BeIdenticalTo(&data[0]))
		_, rest, _, _ = d.Next(rest)
		Expect(d.Memory()).To(BeZero())
		_, rest, ok, err = d.Next(rest)
		Expect([]any{rest, ok, err}).To(HaveExactElements(BeEmpty(), BeFalse(), BeNil()))
		Expect(string(d.Partial())).To(Equal("thr"))
	})

	It("copies of a piece that ends a frame little more than that", func() {
		d := framing.NewDecoder(framing.Lines{Limit: 10})
		_, _, _, err := d.Next([]byte("on"))
		Expect(err).NotTo(HaveOccurred())
		frame, rest, ok, err := d.Next(append([]byte("e\n"), make([]byte, 1<<20)...))
		Expect([]any{string(frame), len(rest), ok, err}).To(Equal([]any{"one", 1 << 20, true, nil}))
		Expect(d.Memory()).To(BeNumerically("<=", 128))
	})

	It("grows with what has come and not with what was announced", func() {
		d := framing.NewDecoder(framing.LengthPrefixed{Limit: 1 << 30})
		for _, piece := range []string{"\x3f\xff\xff\xff", "abc"} {
			_, _, _, err := d.Next([]byte(piece))
			Expect(err).NotTo(HaveOccurred())
		}
		Expect(d.Memory()).To(BeNumerically("<=", 64))
	})

	It("gives the memory of a long frame back", func() {
		d := framing.NewDecoder(framing.Lines{})
		for _, piece := range []string{strings.Repeat("x", 60000), "\n"} {
			_, _, _, err := d.Next([]byte(piece))
			Expect(err).NotTo(HaveOccurred())
		}
		Expect(d.Memory()).To(BeNumerically(">=", 60000))
		Expect(d.Partial()).To(BeEmpty())
		Expect(d.Memory()).To(BeZero())
	})

	It("stays with its first error", func() {
		d := framing.NewDecoder(framing.Netstrings{})
		_, _, _, first := d.Next([]byte("x"))
		Expect(first).To(MatchError(framing.ErrMalformed))
		_, _, ok, err := d.Next([]byte("1:a,"))
		Expect(ok).To(BeFalse())
		Expect(err).To(BeIdenticalTo(first))
		Expect(d.End()).To(BeIdenticalTo(first))
	})

	It("ends in peace between two frames", func() {
		d := framing.NewDecoder(framing.Lines{})
		Expect(d.End()).To(Succeed())
		d = framing.NewDecoder(framing.Lines{})
		for _, piece := range []string{"o", "ne\n"} {
			_, _, _, err := d.Next([]byte(piece))
			Expect(err).NotTo(HaveOccurred())
		}
		Expect(d.End()).To(Succeed())
	})

	DescribeTable("ends a framing that breaks its promise with a LimitError",
		func(size int) {
			got, memory := decode(endless{framing.Lines{Limit: 10}}, cutAll(make([]byte, 100), size))
			Expect(got.Kind).To(BeAssignableToTypeOf(&framing.LimitError{}))
			Expect(memory).To(BeNumerically("<=", 12))
		},
		Entry("in one piece", 100),
		Entry("in single bytes", 1),
	)
})

// counted is a Writer that keeps every Write apart.
type counted struct {
	writes []string
	err    error
}

func (w *counted) Write(b []byte) (int, error) {
	w.writes = append(w.writes, string(b))
	return len(b), w.err
}

var _ = Describe("Encoder", func() {
	It("writes all frames of a call at once", func() {
		var w counted
		e := framing.NewEncoder(framing.Netstrings{})
		Expect(e.Write(&w, []byte("one"), nil)).To(Succeed())
		Expect(e.Write(&w, bytes.Repeat([]byte("x"), 5000))).To(Succeed())
		Expect(e.Write(&w)).To(Succeed())
		Expect(e.Write(&w, []byte("two"))).To(Succeed())
		Expect(w.writes).To(Equal([]string{"3:one,0:,", "5000:" + strings.Repeat("x", 5000) + ",", "3:two,"}))
	})

	It("writes nothing if one frame is refused, and tells a failed Write", func() {
		var w counted
		e := framing.NewEncoder(framing.Lines{})
		Expect(e.Write(&w, []byte("one"), []byte("two\n"))).To(MatchError(framing.ErrMalformed))
		Expect(w.writes).To(BeEmpty())
		w.err = errors.New("on purpose")
		Expect(e.Write(&w, []byte("one"))).To(MatchError(w.err))
	})
})
