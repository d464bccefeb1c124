package recorder_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

// calls are what a transport may do to a recorder.Buffered, by name.
var calls = map[string]func(*recorder.Buffered){
	"made":           func(b *recorder.Buffered) { b.ConnectionMade(&transport{}) },
	"made with none": func(b *recorder.Buffered) { b.ConnectionMade(nil) },
	"buffer":         func(b *recorder.Buffered) { b.GetBuffer(-1) },
	"updated":        func(b *recorder.Buffered) { b.BufferUpdated(3) },
	"updated by 0":   func(b *recorder.Buffered) { b.BufferUpdated(0) },
	"updated by 5000": func(b *recorder.Buffered) {
		b.BufferUpdated(5000)
	},
	"data":       func(b *recorder.Buffered) { b.Stream.DataReceived([]byte("abc")) },
	"empty data": func(b *recorder.Buffered) { b.Stream.DataReceived(nil) },
	"plain data": func(b *recorder.Buffered) { b.DataReceived([]byte("abc")) },
	"eof":        func(b *recorder.Buffered) { b.EOFReceived() },
	"pause":      func(b *recorder.Buffered) { b.PauseWriting() },
	"resume":     func(b *recorder.Buffered) { b.ResumeWriting() },
	"lost":       func(b *recorder.Buffered) { b.ConnectionLost(nil) },
	"adopt":      func(b *recorder.Buffered) { b.Adopt(&transport{}) },
}

func play(names ...string) *recorder.Buffered {
	b := &recorder.Buffered{}
	for _, name := range names {
		calls[name](b)
	}
	return b
}

var _ = Describe("Violations", func() {
	DescribeTable("accepts",
		func(names ...string) { Expect(play(names...).Violations()).To(BeEmpty()) },
		Entry("a connection without data", "made", "lost"),
		Entry("data and the end of input", "made", "data", "data", "eof", "lost"),
		Entry("an end without an end of input", "made", "data", "lost"),
		Entry("alternating flow control", "made", "pause", "resume", "pause", "resume", "lost"),
		Entry("an end while paused", "made", "pause", "lost"),
		Entry("flow control after the end of input", "made", "eof", "pause", "resume", "lost"),
		Entry("buffers that are filled", "made", "buffer", "updated", "buffer", "updated", "lost"),
		Entry("a buffer that is not filled", "made", "buffer", "buffer", "updated", "buffer", "eof", "lost"),
		Entry("a connection taken over", "adopt", "data", "lost"),
		Entry("a connection taken over while paused", "adopt", "resume", "pause", "lost"),
		Entry("a connection taken over and then paused", "adopt", "pause", "resume", "lost"),
	)

	DescribeTable("names",
		func(want string, names ...string) {
			Expect(play(names...).Violations()).To(ConsistOf(want))
		},
		Entry("a second ConnectionMade", "made twice", "made", "made", "lost"),
		Entry("a ConnectionMade after the end of input", "made twice", "made", "eof", "made", "lost"),
		Entry("a ConnectionMade for a connection taken over", "made twice", "adopt", "made", "lost"),
		Entry("a ConnectionMade without a transport", "made without a transport", "made with none", "lost"),
		Entry("data before ConnectionMade", "data before made", "data", "lost"),
		Entry("an end before ConnectionMade", "lost before made", "lost"),
		Entry("data after the end of input", "data after eof", "made", "eof", "data", "lost"),
		Entry("a buffer after the end of input", "buffer after eof", "made", "eof", "buffer", "lost"),
		Entry("a second end of input", "eof after eof", "made", "eof", "eof", "lost"),
		Entry("empty data", "data without a byte", "made", "empty data", "lost"),
		Entry("a pause while paused", "pause while paused", "made", "pause", "pause", "lost"),
		Entry("a resume without a pause", "resume without pause", "made", "resume", "lost"),
		Entry("a second resume", "resume without pause", "made", "pause", "resume", "resume", "lost"),
		Entry("a second resume after a take-over", "resume without pause", "adopt", "resume", "resume", "lost"),
		Entry("a second ConnectionLost", "lost after lost", "made", "lost", "lost"),
		Entry("data after ConnectionLost", "data after lost", "made", "lost", "data"),
		Entry("a ConnectionMade after ConnectionLost", "made after lost", "made", "lost", "made"),
		Entry("a resume after ConnectionLost", "resume after lost", "made", "pause", "lost", "resume"),
		Entry("an update without a buffer", "data without a buffer", "made", "updated", "lost"),
		Entry("two updates of one buffer", "data without a buffer", "made", "buffer", "updated", "updated", "lost"),
		Entry("an update of nothing", "data without a byte", "made", "buffer", "updated by 0", "lost"),
		Entry("an update beyond the buffer", "data(5000) in a buffer of 4096", "made", "buffer", "updated by 5000", "lost"),
		Entry("a DataReceived that a BufferedProtocol should not see",
			"data by DataReceived of a BufferedProtocol", "made", "plain data", "lost"),
	)

	It("names a callback inside another one", func() {
		s := &recorder.Stream{}
		s.OnData = func([]byte) { s.ConnectionLost(nil) }
		s.ConnectionMade(&transport{})
		s.DataReceived([]byte("x"))
		Expect(s.Violations()).To(ConsistOf("lost inside data"))
	})

	It("accepts PauseWriting inside the callback that wrote", func() {
		s := &recorder.Stream{}
		s.OnData = func([]byte) { s.PauseWriting() }
		s.ConnectionMade(&transport{})
		s.DataReceived([]byte("x"))
		s.ResumeWriting()
		s.ConnectionLost(nil)
		Expect(s.Violations()).To(BeEmpty())
	})

	It("names a callback inside PauseWriting", func() {
		s := &recorder.Stream{}
		s.OnPause = func() { s.ResumeWriting() }
		s.ConnectionMade(&transport{})
		s.PauseWriting()
		Expect(s.Violations()).To(ConsistOf("resume inside pause"))
	})

	It("takes a callback whose hook panicked for over", func() {
		s := &recorder.Stream{}
		s.OnData = func([]byte) { panic("on purpose") }
		s.ConnectionMade(&transport{})
		Expect(func() { s.DataReceived([]byte("x")) }).To(Panic())
		s.ConnectionLost(nil)
		Expect(s.Violations()).To(BeEmpty())
	})

	It("goes on recording after a violation", func() {
		b := play("data", "made", "eof", "data", "lost")
		Expect(b.Violations()).To(Equal([]string{"data before made", "made twice", "data after eof"}))
		Expect(b.String()).To(Equal("data(3) made eof data(3) lost(nil)"))
	})
})

var _ = Describe("Adopt", func() {
	It("supplies the transport without recording anything", func() {
		p, t := &recorder.Protocol{}, &transport{}
		p.Adopt(protocols.Transport(t))
		Expect(p.Transport()).To(BeIdenticalTo(t))
		Expect(p.String()).To(BeEmpty())
	})
})
