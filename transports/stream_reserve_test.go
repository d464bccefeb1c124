package transports_test

import (
	"fmt"
	"io"
	"net"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
	"github.com/tidemill-go/tidemill/transports"
	"github.com/tidemill-go/tidemill/transports/memory"
)

// holder is a Reservation that counts.
type holder struct {
	ready   int
	refused []string
	lost    []error
}

func (h *holder) Ready() { h.ready++ }

func (h *holder) Refused(sent int, err error) {
	h.refused = append(h.refused, fmt.Sprint(sent, " ", err))
}

func (h *holder) Lost(err error) { h.lost = append(h.lost, err) }

var _ = onBothStyles("a reserved output", func(newHost func() *memory.Host) {
	var (
		host      *memory.Host
		p         *recorder.Stream
		s         *transports.Stream
		near, far *memory.End
		h         *holder
	)
	BeforeEach(func() {
		host, p, h = newHost(), &recorder.Stream{}, &holder{}
		s, near, far = made(host, p, transports.StreamConfig{})
	})
	AfterEach(func() {
		host.Do(s.Abort)
		host.RunUntilIdle()
		Expect(near.IsClosed()).To(BeTrue())
		Expect(p.Violations()).To(BeEmpty())
	})
	reserve := func() {
		GinkgoHelper()
		var err error
		host.Do(func() { err = s.Reserve(h) })
		Expect(err).NotTo(HaveOccurred())
	}
	much := make([]byte, 3*memory.DefaultCapacity)

	It("is ready when nothing is buffered, once", func() {
		host.Do(func() { _, _ = s.Write(much) })
		reserve()
		Expect(h.ready).To(BeZero())
		for host.Step() || far.Waiting() > 0 {
			far.Take(far.Waiting())
		}
		Expect(h.ready).To(Equal(1))
	})

	It("is ready again after each Feed", func() {
		reserve()
		Expect(h.ready).To(Equal(1))
		block := make([]byte, 2*memory.DefaultCapacity)
		for range 2 {
			host.Do(func() { s.Feed(block) })
			clear(block) // it is the caller's again
			for host.Step() || far.Waiting() > 0 {
				far.Take(far.Waiting())
			}
		}
		Expect(h.ready).To(Equal(3))
	})

	It("is nobody else's", func() {
		var errs []error
		host.Do(func() {
			_ = s.Reserve(h)
			_, write := s.Write([]byte("x"))
			_, buffers := s.WriteBuffers(net.Buffers{{1}})
			errs = []error{write, buffers, s.Reserve(&holder{})}
		})
		Expect(errs).To(HaveEach(MatchError(future.ErrInvalidState)))
		host.Do(func() {
			s.Unreserve()
			s.Unreserve()
			_, errs[0] = s.Write([]byte("x"))
		})
		Expect(errs[0]).NotTo(HaveOccurred())
	})

	It("rests the input, and restores it as the program has left it", func() {
		reserve()
		_, err := far.Write([]byte("hello"))
		Expect(err).NotTo(HaveOccurred())
		host.RunUntilIdle()
		Expect(s.IsReading()).To(BeFalse())
		host.Do(s.PauseReading)
		host.Do(s.Unreserve)
		host.RunUntilIdle()
		Expect(p.String()).To(Equal("made"))
		reserve()
		host.Do(s.ResumeReading)
		host.RunUntilIdle()
		Expect(p.String()).To(Equal("made"))
		host.Do(s.Unreserve)
		host.RunUntilIdle()
		Expect(p.String()).To(Equal("made data(5)"))
		Expect(s.IsReading()).To(BeTrue())
	})

	It("puts the end of output off", func() {
		reserve()
		host.Do(func() { _ = s.WriteEOF() })
		host.RunUntilIdle()
		Expect(far.Ended()).To(BeFalse())
		Expect(h.ready).To(Equal(1))
		host.Do(s.Unreserve)
		host.RunUntilIdle()
		Expect(far.Ended()).To(BeTrue())
	})

	It("puts ResumeWriting off", func() {
		host.Do(func() { _, _ = s.Write(much) })
		reserve()
		for host.Step() || far.Waiting() > 0 {
			far.Take(far.Waiting())
		}
		Expect(p.String()).To(Equal("made pause"))
		host.Do(s.Unreserve)
		host.RunUntilIdle()
		Expect(p.String()).To(Equal("made pause resume"))
	})

	DescribeTable("is lost with the transport, once",
		func(end func(), cause OmegaMatcher) {
			reserve()
			host.Do(end)
			host.RunUntilIdle()
			Expect(h.lost).To(ConsistOf(cause))
			Expect(s.Protocol()).To(BeNil())
		},
		Entry("closed", func() { _ = s.Close() }, MatchError(net.ErrClosed)),
		Entry("aborted", func() { s.Abort() }, MatchError(net.ErrClosed)),
		Entry("closed by a failed send", func() {
			far.Close()
			s.Feed([]byte("x"))
			s.Feed([]byte("y"))
			s.Feed(much)
		}, HaveOccurred()),
	)

	It("can be ended by an error that its holder got", func() {
		reserve()
		host.Do(func() { s.FailReserved("sendfile", io.ErrUnexpectedEOF) })
		host.RunUntilIdle()
		Expect(h.lost).To(BeEmpty())
		Expect(p.Err()).To(MatchError(io.ErrUnexpectedEOF))
		Expect(p.Err().(*net.OpError).Op).To(Equal("sendfile"))
	})

	It("is refused when the output has ended or the transport is closing", func() {
		var ended, closing error
		host.Do(func() {
			_ = s.WriteEOF()
			ended = s.Reserve(h)
			_ = s.Close()
			closing = s.Reserve(h)
		})
		Expect(ended).To(MatchError(future.ErrInvalidState))
		Expect(closing).To(MatchError(future.ErrInvalidState))
		Expect(h.ready).To(BeZero())
	})

	It("keeps the hooks of the stream", func() {
		lost := false
		q := &recorder.Stream{}
		var t protocols.Transport
		other, _, _ := made(host, q, transports.StreamConfig{Hooks: &transports.Hooks{Lost: func(*transports.Stream) { lost = true }}})
		t = other
		host.Do(func() { _ = other.Reserve(h) })
		host.Do(t.Abort)
		host.RunUntilIdle()
		Expect(lost).To(BeTrue())
	})
})
