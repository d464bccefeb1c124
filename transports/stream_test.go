package transports_test

import (
	"io"
	"net"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
	"github.com/tidemill-go/tidemill/transports"
	"github.com/tidemill-go/tidemill/transports/memory"
)

// made makes a stream under p and lets ConnectionMade be called.
func made(host *memory.Host, p protocols.Protocol, cfg transports.StreamConfig) (s *transports.Stream, near, far *memory.End) {
	GinkgoHelper()
	near, far = host.Pair(0)
	s, err := transports.NewStream(host, near.FD(), p, cfg)
	Expect(err).NotTo(HaveOccurred())
	host.RunUntilIdle()
	return s, near, far
}

var _ = onBothStyles("NewStream", func(newHost func() *memory.Host) {
	var host *memory.Host
	BeforeEach(func() { host = newHost() })

	It("has ConnectionMade called in the next iteration", func() {
		p, near, seen := &recorder.Stream{}, (*memory.End)(nil), ""
		near, _ = host.Pair(0)
		host.CallSoon(func() {
			_, err := transports.NewStream(host, near.FD(), p, transports.StreamConfig{})
			Expect(err).NotTo(HaveOccurred())
			seen = p.String()
		})
		host.Step()
		Expect(seen).To(BeEmpty())
		Expect(p.String()).To(BeEmpty())
		host.Step()
		Expect(p.String()).To(Equal("made"))
	})

	It("tells its maker of the beginning, of ConnectionMade and of the end", func() {
		p, seen := &recorder.Stream{}, []string{}
		note := func(what string) func(*transports.Stream) {
			return func(*transports.Stream) { seen = append(seen, what+": "+p.String()) }
		}
		s, _, far := made(host, p, transports.StreamConfig{
			Hooks: &transports.Hooks{Opened: note("opened"), Made: note("made"), Lost: note("lost")},
		})
		_, err := far.Write([]byte("hello"))
		Expect(err).NotTo(HaveOccurred())
		host.RunUntilIdle()
		host.Do(s.Abort)
		host.RunUntilIdle()
		Expect(seen).To(Equal([]string{"opened: ", "made: made", "lost: made data(5) lost(nil)"}))
	})

	It("tells its maker also if ConnectionMade and ConnectionLost panic", func() {
		p, seen := &recorder.Stream{}, 0
		p.OnMade = func(protocols.Transport) { panic("boom") }
		p.OnLost = func(error) { panic("boom") }
		count := func(*transports.Stream) { seen++ }
		s, near, _ := made(host, p, transports.StreamConfig{Hooks: &transports.Hooks{Made: count, Lost: count}})
		host.Do(s.Abort)
		host.RunUntilIdle()
		Expect(seen).To(Equal(2))
		Expect(near.IsClosed()).To(BeTrue())
		Expect(host.Failures()).To(HaveLen(2))
	})

	It("starts with the limits of its config", func() {
		s, _, _ := made(host, &recorder.Stream{}, transports.StreamConfig{WriteBufferLimits: protocols.Watermarks{High: 40}})
		Expect(s.WriteBufferLimits()).To(Equal(protocols.Watermarks{Low: 10, High: 40}))
	})

	It("refuses limits that make no sense, and calls nothing", func() {
		p := &recorder.Stream{}
		near, _ := host.Pair(0)
		_, err := transports.NewStream(host, near.FD(), p, transports.StreamConfig{
			WriteBufferLimits: protocols.Watermarks{Low: 2, High: 1},
		})
		Expect(err).To(MatchError(protocols.ErrInvalidWatermarks))
		Expect(host.Step()).To(BeFalse())
		Expect(p.String()).To(BeEmpty())
	})

	It("fails with the driver's errno in a *net.OpError, and leaves nothing open", func() {
		p := &recorder.Stream{}
		near, _ := host.Pair(0)
		near.Refuse(syscall.ENOSPC)
		_, err := transports.NewStream(host, near.FD(), p, transports.StreamConfig{Remote: address("192.0.2.2:80")})
		Expect(err).To(MatchError(syscall.ENOSPC))
		Expect(err).To(BeAssignableToTypeOf(&net.OpError{}))
		Expect(err).To(MatchError("open tcp 192.0.2.2:80: open: " + syscall.ENOSPC.Error()))
		Expect(near.IsClosed()).To(BeTrue())
		Expect(host.Step()).To(BeFalse())
		Expect(p.String()).To(BeEmpty())
	})
})

var _ = onBothStyles("Stream", func(newHost func() *memory.Host) {
	var (
		host      *memory.Host
		p         *recorder.Stream
		s         *transports.Stream
		near, far *memory.End
	)
	BeforeEach(func() {
		host, p = newHost(), &recorder.Stream{}
		s, near, far = made(host, p, transports.StreamConfig{})
	})
	AfterEach(func() {
		host.Do(s.Abort)
		host.RunUntilIdle()
		Expect(near.IsClosed()).To(BeTrue())
		Expect(p.Violations()).To(BeEmpty())
		Expect(host.Failures()).To(BeEmpty())
	})

	It("closes its descriptor after ConnectionLost has returned", func() {
		var inside bool
		p.OnLost = func(error) { inside = near.IsClosed() || far.Ended() }
		host.Do(func() { _ = s.Close() })
		host.RunUntilIdle()
		Expect(inside).To(BeFalse())
		Expect(near.IsClosed()).To(BeTrue())
	})

	It("resumes at the low mark exactly", func() {
		near.SetCapacity(0)
		host.Do(func() {
			_ = s.SetWriteBufferLimits(protocols.Watermarks{Low: 100, High: 1000})
			_, _ = s.Write(make([]byte, 1001))
		})
		near.SetCapacity(900)
		host.RunUntilIdle()
		Expect(s.WriteBufferSize()).To(Equal(101))
		Expect(p.String()).To(Equal("made pause"))
		near.SetCapacity(901)
		host.RunUntilIdle()
		Expect(s.WriteBufferSize()).To(Equal(100))
		Expect(p.String()).To(Equal("made pause resume"))
	})

	It("looks again before it resumes: what ran meanwhile may have written", func() {
		near.SetCapacity(0)
		host.Do(func() {
			_ = s.SetWriteBufferLimits(protocols.Watermarks{Low: 100, High: 1000})
			_, _ = s.Write(make([]byte, 1001))
		})
		host.RunUntilIdle()
		near.SetCapacity(950)
		more := func() { _, _ = s.Write(make([]byte, 500)) }
		host.CallSoon(func() {
			if far.Waiting() > 0 {
				more() // the send is reported, ResumeWriting is behind us
			} else {
				host.CallSoon(more) // they both come later in this iteration
			}
		})
		host.RunUntilIdle()
		Expect(p.String()).To(Equal("made pause"))
		Expect(s.WriteBufferSize()).To(Equal(551))
		near.SetCapacity(memory.DefaultCapacity)
		host.RunUntilIdle()
		Expect(p.String()).To(Equal("made pause resume"))
	})

	It("sends byte by byte if the kernel takes no more at a time", func() {
		near.Trickle(1)
		far.Trickle(1)
		host.Do(func() { _, _ = s.Write([]byte("hello, world")) })
		_, err := far.Write([]byte("and back"))
		Expect(err).NotTo(HaveOccurred())
		host.RunUntilIdle()
		Expect(string(far.Take(100))).To(Equal("hello, world"))
		Expect(string(p.Data())).To(Equal("and back"))
	})

	It("does not mind a half that is gone already when it ends it", func() {
		s.PauseReading()
		host.RunUntilIdle()
		far.Reset()
		var err error
		host.Do(func() { err = s.WriteEOF() })
		Expect(err).NotTo(HaveOccurred())
		host.Do(s.ResumeReading)
		host.RunUntilIdle()
		Expect(p.String()).To(Equal("made lost(" + syscall.ECONNRESET.Error() + ")"))
	})

	It("names itself by its addresses", func() {
		local := address("192.0.2.1:80")
		q, _, _ := made(host, &recorder.Stream{}, transports.StreamConfig{Local: &local, Remote: address("192.0.2.2:81")})
		Expect(q.String()).To(Equal("tcp 192.0.2.1:80->192.0.2.2:81"))
		host.Do(q.Abort)
		host.RunUntilIdle()
	})

	// The kernel may take the rest because of a question. What waited for an
	// empty buffer must not wait for the end of a Send that never began.
	Context("whose last bytes leave because of a question", func() {
		questions := []any{
			Entry("WriteBufferSize", func() { s.WriteBufferSize() }),
			Entry("IsClosing", func() { s.IsClosing() }),
			Entry("SetWriteBufferLimits", func() { _ = s.SetWriteBufferLimits(protocols.Watermarks{}) }),
		}
		writeClogged := func() {
			near.Clog(true)
			_, _ = s.Write([]byte("rest"))
		}

		DescribeTable("ends after Close", append(questions, func(ask func()) {
			host.Do(func() {
				writeClogged()
				_ = s.Close()
				near.Clog(false)
				ask()
			})
			host.RunUntilIdle()
			Expect(p.String()).To(Equal("made lost(nil)"))
			data, err := far.ReadAll()
			Expect(string(data)).To(Equal("rest"))
			Expect(err).To(Equal(io.EOF))
		})...)

		DescribeTable("ends its sending half after WriteEOF", append(questions, func(ask func()) {
			host.Do(func() {
				writeClogged()
				_ = s.WriteEOF()
				near.Clog(false)
				ask()
			})
			host.RunUntilIdle()
			Expect(far.Ended()).To(BeTrue())
		})...)

		DescribeTable("resumes after PauseWriting", append(questions, func(ask func()) {
			host.Do(func() {
				writeClogged()
				_ = s.SetWriteBufferLimits(protocols.Watermarks{High: protocols.Empty})
				near.Clog(false)
				ask()
			})
			host.RunUntilIdle()
			Expect(p.String()).To(Equal("made pause resume"))
		})...)
	})
})
