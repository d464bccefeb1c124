package recorder_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

var _ = Describe("Stream", func() {
	It("is no BufferedProtocol", func() {
		_, buffered := any(&recorder.Stream{}).(protocols.BufferedProtocol)
		Expect(buffered).To(BeFalse())
	})

	It("records the end of input and flow control", func() {
		s := &recorder.Stream{}
		s.ConnectionMade(&transport{})
		s.PauseWriting()
		s.ResumeWriting()
		s.EOFReceived()
		s.ConnectionLost(nil)
		Expect(s.String()).To(Equal("made pause resume eof lost(nil)"))
	})

	It("runs the hooks of flow control once the call is on record", func() {
		s := &recorder.Stream{}
		var seen []string
		s.OnPause = func() { seen = append(seen, s.String()) }
		s.OnResume = func() { seen = append(seen, s.String()) }
		s.ConnectionMade(&transport{})
		s.PauseWriting()
		s.ResumeWriting()
		Expect(seen).To(Equal([]string{"made pause", "made pause resume"}))
	})

	It("lets the connection close at the end of input", func() {
		Expect((&recorder.Stream{}).EOFReceived()).To(BeFalse())
	})

	It("keeps the connection open when its hook says so", func() {
		s := &recorder.Stream{OnEOF: func() bool { return true }}
		Expect(s.EOFReceived()).To(BeTrue())
	})
})

var _ = Describe("Buffered", func() {
	It("lends DefaultSize bytes and records what was put in", func() {
		b := &recorder.Buffered{}
		var seen string
		b.OnData = func(data []byte) { seen = string(data) }
		b.ConnectionMade(&transport{})
		buf := b.GetBuffer(-1)
		Expect(buf).To(HaveLen(recorder.DefaultSize))
		b.BufferUpdated(copy(buf, "hello"))
		copy(b.GetBuffer(-1), "xxxxx")
		Expect(seen).To(Equal("hello"))
		Expect(string(b.Data())).To(Equal("hello"))
		Expect(b.Violations()).To(BeEmpty())
	})

	It("leaves GetBuffer out of its one-line form", func() {
		b := play("made", "buffer", "updated", "buffer", "updated", "buffer", "eof", "lost")
		Expect(b.String()).To(Equal("made data(6) eof lost(nil)"))
		Expect(b.Events()).To(ContainElement(recorder.Event{Kind: recorder.Buffer}))
	})

	It("lends what its hook supplies", func() {
		own := make([]byte, 7)
		b := &recorder.Buffered{OnGetBuffer: func(hint int) []byte { return own[:hint] }}
		b.ConnectionMade(&transport{})
		buf := b.GetBuffer(2)
		Expect(buf).To(HaveLen(2))
		b.BufferUpdated(copy(buf, "hi"))
		Expect(string(b.Data())).To(Equal("hi"))
	})

	It("lends an empty buffer when its hook supplies one", func() {
		b := &recorder.Buffered{OnGetBuffer: func(int) []byte { return []byte{} }}
		Expect(b.GetBuffer(-1)).To(BeEmpty())
	})
})
