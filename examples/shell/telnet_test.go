package main_test

import (
	"bytes"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	main "github.com/tidemill-go/tidemill/examples/shell"
	"github.com/tidemill-go/tidemill/protocols"
)

// session is a bit of everything that telnet can say.
var session = bytes.Join([][]byte{
	[]byte("before"),
	{255, 251, 31},                             // WILL NAWS
	{255, 250, 31, 0, 80, 0, 24, 255, 240},     // 80 columns, 24 rows
	[]byte("text"), {255, 255}, []byte("more"), // a byte of 255
	{255, 241},                                  // NOP
	{255, 254, 1, 255, 252, 2, 255, 253, 3},     // DONT, WONT, DO
	{255, 250, 31, 0, 255, 255, 1, 0, 255, 240}, // 255 columns, 256 rows
	{255, 255, 255, 255},
	[]byte("after"),
}, nil)

var _ = Describe("the codec", func() {
	It("finds the same however the stream is cut in two", func() {
		for i := range len(session) + 1 {
			h := main.Decode(session[:i], session[i:])
			Expect(string(h.Text)).To(Equal("beforetext\xffmore\xff\xffafter"), "cut at %d", i)
			Expect(h.Asked).To(Equal([][2]byte{{251, 31}, {254, 1}, {252, 2}, {253, 3}}), "cut at %d", i)
			Expect(h.Told).To(Equal([][]byte{{31, 0, 80, 0, 24}, {31, 0, 255, 1, 0}}), "cut at %d", i)
		}
	})

	It("finds the same in single bytes", func() {
		var pieces [][]byte
		for i := range session {
			pieces = append(pieces, session[i:i+1])
		}
		Expect(main.Decode(pieces...).Text).To(Equal(main.Decode(session).Text))
		Expect(main.Decode(pieces...).Told).To(Equal(main.Decode(session).Told))
	})

	It("passes text without anything else on in one piece", func() {
		Expect(main.Decode([]byte("hello")).Pieces).To(Equal(1))
		Expect(main.Decode(nil).Pieces).To(BeZero())
	})

	It("gives back what it has escaped", func() {
		all := make([]byte, 0, 512)
		for i := range 256 {
			all = append(all, byte(i), 255)
		}
		Expect(main.Decode(main.Escaped(all)).Text).To(Equal(all))
		plain := []byte("plain")
		Expect(&main.Escaped(plain)[0]).To(BeIdenticalTo(&plain[0]), "copied without need")
	})

	DescribeTable("gives a window's size back", func(columns, rows uint16, wire []byte) {
		size, sent, ok := main.Size(protocols.WindowSize{Columns: columns, Rows: rows})
		Expect(ok).To(BeTrue())
		Expect(size).To(Equal(protocols.WindowSize{Columns: columns, Rows: rows}))
		Expect(sent).To(Equal(wire))
	},
		Entry("80x24", uint16(80), uint16(24), []byte{255, 250, 31, 0, 80, 0, 24, 255, 240}), // RFC 1073
		Entry("255x65535", uint16(255), uint16(65535), []byte{255, 250, 31, 0, 255, 255, 255, 255, 255, 255, 255, 240}),
	)

	DescribeTable("gives a return code back", func(code int) {
		back, _, ok := main.Exit(code)
		Expect(ok).To(BeTrue())
		Expect(back).To(Equal(code))
	},
		Entry("success", 0), Entry("a status", 7), Entry("the largest status", 255),
		Entry("a signal, whose bytes are all escaped", -1), Entry("another", -9), Entry("Windows's", 0x40010004),
	)

	It("forgets a subnegotiation that is too long, too short or broken off", func() {
		long := append(append([]byte{255, 250, 31}, make([]byte, 1000)...), 255, 240)
		h := main.Decode(long, []byte{255, 250, 31, 1, 255, 251, 7, 'x'})
		Expect(h.Told).To(BeEmpty())
		Expect(h.Asked).To(Equal([][2]byte{{251, 7}}))
		Expect(string(h.Text)).To(Equal("x"))
		for _, payload := range [][]byte{nil, {1, 2, 3}, {1, 2, 3, 4, 5}} {
			_, size := main.DecodeSize(payload)
			_, exit := main.DecodeExit(payload)
			Expect([]bool{size, exit}).To(HaveEach(BeFalse()))
		}
	})
})
