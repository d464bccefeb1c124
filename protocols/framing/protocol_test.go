package framing_test

import (
	"errors"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/framing"
)

// wire is as much of a transport as a Protocol uses.
type wire struct {
	protocols.Transport
	closing, aborted bool
}

func (w *wire) Close() error { w.closing = true; return nil }
func (w *wire) Abort()       { w.aborted = true }

// listener records what it is called, and acts on frames.
type listener struct {
	calls  []string
	action map[string]func()
}

func (l *listener) hear(format string, args ...any) {
	l.calls = append(l.calls, fmt.Sprintf(format, args...))
}

func (l *listener) ConnectionMade(protocols.Transport) { l.hear("made") }
func (l *listener) ConnectionLost(err error)           { l.hear("lost %v", err) }
func (l *listener) FrameReceived(frame []byte) {
	l.hear("%s", frame)
	if act := l.action[string(frame)]; act != nil {
		act()
	}
}

// attentive also hears of the end of input and of flow control.
type attentive struct{ listener }

func (a *attentive) EOFReceived() bool { a.hear("eof"); return true }
func (a *attentive) PauseWriting()     { a.hear("pause") }
func (a *attentive) ResumeWriting()    { a.hear("resume") }

var _ = Describe("Protocol", func() {
	var (
		w *wire
		l *listener
		p *framing.Protocol
	)
	BeforeEach(func() {
		w, l = &wire{}, &listener{action: map[string]func(){}}
		p = framing.New(framing.Lines{Limit: 10}, l)
		p.ConnectionMade(w)
	})

	It("hands out frames however they come", func() {
		p.DataReceived([]byte("one\nt"))
		p.DataReceived([]byte("w"))
		p.DataReceived([]byte("o\nthree\n"))
		Expect(p.EOFReceived()).To(BeFalse())
		p.ConnectionLost(nil)
		Expect(l.calls).To(Equal([]string{"made", "one", "two", "three", "lost <nil>"}))
		Expect(w.closing).To(BeFalse())
	})

	It("hands on the end of input and flow control to a receiver that wants them", func() {
		a := &attentive{}
		p = framing.New(framing.Lines{}, a)
		p.ConnectionMade(w)
		p.PauseWriting()
		p.ResumeWriting()
		Expect(p.EOFReceived()).To(BeTrue())
		Expect(a.calls).To(Equal([]string{"made", "pause", "resume", "eof"}))
	})

	It("keeps flow control from a receiver that does not want it", func() {
		p.PauseWriting()
		p.ResumeWriting()
		Expect(l.calls).To(Equal([]string{"made"}))
	})

	It("closes after a breach of the limit, which ConnectionLost tells", func() {
		p.DataReceived([]byte("one\n12345678901\ntwo\n"))
		Expect(w.closing).To(BeTrue())
		p.ConnectionLost(nil)
		Expect(l.calls).To(Equal([]string{"made", "one", "lost " + (&framing.LimitError{Limit: 10, Size: 11}).Error()}))
	})

	It("closes when the input ends in the middle of a frame", func() {
		p.DataReceived([]byte("one\ntw"))
		Expect(p.EOFReceived()).To(BeFalse())
		Expect(w.closing).To(BeTrue())
		p.ConnectionLost(nil)
		Expect(l.calls).To(HaveExactElements("made", "one", ContainSubstring("end of input after 2 bytes")))
	})

	It("tells an error of the connection itself first", func() {
		p.DataReceived([]byte("12345678901\n"))
		p.ConnectionLost(errors.New("reset"))
		Expect(l.calls).To(Equal([]string{"made", "lost reset"}))
	})

	It("hands out nothing more after a Close in FrameReceived", func() {
		l.action["two"] = func() { Expect(p.Close()).To(Succeed()) }
		p.DataReceived([]byte("one\ntwo\nthree\n"))
		p.DataReceived([]byte("four\n"))
		Expect(w.closing).To(BeTrue())
		Expect(l.calls).To(Equal([]string{"made", "one", "two"}))
	})

	It("hands out nothing more after an Abort in FrameReceived", func() {
		l.action["two"] = p.Abort
		p.DataReceived([]byte("one\ntwo\nthree\n"))
		Expect(w.aborted).To(BeTrue())
		Expect(l.calls).To(Equal([]string{"made", "one", "two"}))
	})

	DescribeTable("gives what follows a frame to who takes over",
		func(pieces ...string) {
			var rest string
			l.action["over"] = func() { rest = string(p.Detach()) }
			for _, piece := range pieces[:len(pieces)-1] {
				p.DataReceived([]byte(piece))
			}
			Expect(l.calls).To(Equal([]string{"made", "over"}))
			Expect(rest).To(Equal(pieces[len(pieces)-1]))
		},
		Entry("from the same piece", "over\na\nb", "a\nb"),
		Entry("when the frame was cut", "ov", "er\na\nb", "a\nb"),
		Entry("when nothing does", "ov", "er\n", ""),
	)

	It("gives a frame that has begun to who takes over outside FrameReceived", func() {
		p.DataReceived([]byte("one\ntw"))
		Expect(string(p.Detach())).To(Equal("tw"))
	})
})
