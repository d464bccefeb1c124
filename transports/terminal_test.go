package transports_test

import (
	"errors"
	"net"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
	"github.com/tidemill-go/tidemill/transports"
	"github.com/tidemill-go/tidemill/transports/memory"
)

var _ = onBothStyles("a terminal", func(newHost func() *memory.Host) {
	var (
		host      *memory.Host
		p         *recorder.Stream
		t         *transports.Terminal
		near, far *memory.End
		told      []string
		failures  int
	)
	BeforeEach(func() {
		host, p, told, failures = newHost(), &recorder.Stream{}, nil, 0
		near, far = host.Pair(0)
		var err error
		t, err = transports.NewTerminal(host, near.FD(), p, transports.PipeConfig{
			Made:    func() { told = append(told, "made after "+p.String()) },
			Closing: func() { told = append(told, "closing after "+p.String()) },
			Silent:  true,
		})
		Expect(err).NotTo(HaveOccurred())
		host.RunUntilIdle()
	})
	AfterEach(func() {
		host.Do(t.Abort)
		host.RunUntilIdle()
		Expect(near.IsClosed()).To(BeTrue())
		Expect(p.Violations()).To(BeEmpty())
		Expect(host.Failures()).To(HaveLen(failures))
	})
	printed := func(text string) {
		GinkgoHelper()
		Expect(far.Write([]byte(text))).To(Equal(len(text)))
		host.RunUntilIdle()
	}
	// clogged types more than the other side takes, and returns how much waits.
	clogged := func() (size int) {
		near.Clog(true)
		host.Do(func() {
			_, _ = t.Write(make([]byte, 100<<10))
			size = t.WriteBufferSize()
		})
		host.RunUntilIdle()
		return size
	}

	It("is handed to its protocol as itself, and tells its maker of begin and end", func() {
		Expect(p.Transport()).To(BeIdenticalTo(protocols.Transport(t)))
		host.Do(func() { _ = t.Close() })
		host.RunUntilIdle()
		Expect(told).To(Equal([]string{"made after made", "closing after made lost(nil)"}))
	})

	It("receives what is printed and sends what is typed", func() {
		printed("$ ")
		host.Do(func() { _, _ = t.Write([]byte("ls\n")) })
		host.RunUntilIdle()
		Expect(string(p.Data())).To(Equal("$ "))
		Expect(string(far.Take(10))).To(Equal("ls\n"))
	})

	DescribeTable("ends once, and without an error, with", func(end func()) {
		printed("bye")
		closing := false
		p.OnEOF = func() bool {
			closing = t.IsClosing()
			_ = t.Close()
			return true
		}
		end()
		host.RunUntilIdle()
		Expect(p.String()).To(Equal("made data(3) eof lost(nil)"))
		Expect(closing).To(BeTrue())
	},
		Entry("EIO, which is Linux's end", func() { far.HangUp() }),
		Entry("an end of input, which is the BSDs'", func() { far.Close() }),
	)

	It("reports any other failed read and is lost with it", func() {
		failures = 1
		far.Reset()
		host.RunUntilIdle()
		Expect(p.Err()).To(MatchError(syscall.ECONNRESET))
		Expect(p.Err()).To(BeAssignableToTypeOf(&net.OpError{}))
		Expect(host.Failures()[0].Err).To(BeIdenticalTo(p.Err()))
		Expect(host.Failures()[0].Transport).To(BeIdenticalTo(t))
	})

	When("the other side hangs up while typed input waits for room", func() {
		It("still receives what was printed before", func() {
			clogged()
			Expect(far.Write([]byte("last words"))).To(Equal(10))
			far.HangUp()
			host.RunUntilIdle()
			Expect(p.Data()).To(Equal([]byte("last words")))
			Expect(p.String()).To(HaveSuffix(" eof lost(nil)"))
		})

		It("holds everything back from a protocol that has paused, but the room", func() {
			clogged()
			host.Do(t.PauseReading)
			Expect(far.Write([]byte("last words"))).To(Equal(10))
			far.HangUp()
			host.RunUntilIdle()
			Expect(p.String()).To(Equal("made pause resume"))
			Expect(t.IsClosing()).To(BeFalse())
			Expect(t.WriteBufferSize()).To(BeZero())
			host.Do(t.ResumeReading)
			host.RunUntilIdle()
			Expect(p.String()).To(Equal("made pause resume data(10) eof lost(nil)"))
		})

		It("drops without an error what is typed before the end is read", func() {
			host.Do(t.PauseReading)
			far.HangUp()
			var err error
			host.Do(func() { _, err = t.Write(make([]byte, 100<<10)) })
			Expect(err).NotTo(HaveOccurred())
			Expect(t.WriteBufferSize()).To(BeZero())
			host.Do(t.ResumeReading)
			host.RunUntilIdle()
			Expect(p.String()).To(Equal("made eof lost(nil)"))
		})

		It("ends a Close that waits for that room", func() {
			clogged()
			host.Do(func() { _ = t.Close() })
			host.RunUntilIdle()
			Expect(p.String()).To(Equal("made pause"))
			far.HangUp()
			host.RunUntilIdle()
			Expect(p.String()).To(Or(Equal("made pause lost(nil)"), Equal("made pause resume lost(nil)"))) // E31
		})

		It("is lost with any other error", func() {
			clogged()
			host.Do(t.PauseReading)
			far.Reset()
			host.RunUntilIdle()
			Expect(p.Err()).To(MatchError(syscall.ECONNRESET))
		})
	})

	When("it is closed while typed input waits for room", func() {
		It("sends the rest and drops what is printed meanwhile", func() {
			size := clogged()
			host.Do(func() { _ = t.Close() })
			printed("nobody looks")
			Expect(near.Waiting()).To(BeZero(), "the program could not go on printing")
			near.Clog(false)
			got := 0
			for range 100 {
				host.RunUntilIdle()
				got += len(far.Take(64 << 10))
			}
			Expect(got).To(Equal(size))
			Expect(p.String()).To(Equal("made pause resume lost(nil)"))
		})

		It("drops it also for a buffered protocol that closes when it is asked for room", func() {
			b, room := &recorder.Buffered{}, make([]byte, 16)
			b.Adopt(t)
			b.OnGetBuffer = func(int) []byte { _ = t.Close(); return room }
			clogged()
			host.Do(func() { t.SetProtocol(b) })
			printed("nobody looks")
			Expect(b.Data()).To(BeEmpty())
			Expect(room).To(Equal(make([]byte, 16)))
			Expect(near.Waiting()).To(BeZero())
			Expect(b.Violations()).To(BeEmpty())
		})
	})

	It("has no half to end, and no place for a file", func() {
		var errs []error
		host.Do(func() { errs = []error{t.WriteEOF(), t.Reserve(nil)} })
		Expect(errs).To(HaveEach(MatchError(errors.ErrUnsupported)))
		Expect(t.CanWriteEOF()).To(BeFalse())
		host.RunUntilIdle()
		Expect(p.String()).To(Equal("made"))
	})

	It("knows only the pipe, and no addresses", func() {
		Expect(t.ExtraInfo("pipe")).NotTo(BeNil())
		Expect(t.ExtraInfo("socket")).To(BeNil())
		Expect(t.LocalAddr() == nil).To(BeTrue())
		Expect(t.RemoteAddr() == nil).To(BeTrue())
		Expect(t.String()).To(HavePrefix("pipe "))
	})

	It("gives the system's error when its size can not be set, and net.ErrClosed after the end", func() {
		var open, closed error
		host.Do(func() {
			open = t.SetWindowSize(protocols.WindowSize{Rows: 24, Columns: 80})
			_ = t.Close()
			closed = t.SetWindowSize(protocols.WindowSize{Rows: 24, Columns: 80})
		})
		Expect(open).To(refuseSize())
		Expect(closed).To(MatchError(net.ErrClosed))
		Expect([]error{open, closed}).To(HaveEach(BeAssignableToTypeOf(&net.OpError{})))
	})
})
