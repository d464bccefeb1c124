package memory_test

import (
	"fmt"
	"io"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/transports"
	"github.com/tidemill-go/tidemill/transports/memory"
)

// sink notes what a driver tells it.
type sink struct {
	seen   []string
	kept   []byte                    // the driver's memory
	take   func(b []byte) (took int) // nil: everything
	buffer []byte                    // nil: the driver's
}

func (s *sink) ReadBuffer() []byte { return s.buffer }

func (s *sink) Filled(n int) { s.seen = append(s.seen, "filled "+string(s.buffer[:n])) }

func (s *sink) Received(b []byte) int {
	s.seen = append(s.seen, "received "+string(b))
	s.kept = b
	if s.take != nil {
		return s.take(b)
	}
	return len(b)
}

func (s *sink) ReadEnd(err error)     { s.seen = append(s.seen, fmt.Sprint("end ", err)) }
func (s *sink) Sent(n int, err error) { s.seen = append(s.seen, fmt.Sprint("sent ", n, " ", err)) }
func (s *sink) told() (told []string) { told, s.seen = s.seen, nil; return told }
func readiness() (host *memory.Host)  { host, _ = memory.NewReadiness(); return host }
func completion() (host *memory.Host) { host, _ = memory.NewCompletion(); return host }
func write(e *memory.End, text string) {
	GinkgoHelper()
	Expect(e.Write([]byte(text))).To(Equal(len(text)))
}
func arrived(e *memory.End) (is string) { return string(e.Take(1 << 20)) }

func aDriver(newHost func() *memory.Host) {
	var (
		host      *memory.Host
		d         transports.Driver
		s         *sink
		h         transports.Handle
		near, far *memory.End
	)
	BeforeEach(func() {
		host = newHost()
		d, s = host.Driver(), &sink{}
		near, far = host.Pair(10)
		var err error
		h, err = d.Open(near.FD(), transports.TCP, s)
		Expect(err).NotTo(HaveOccurred())
	})

	Describe("Open", func() {
		It("gives handles that are not mistaken for those of a slot's next use", func() {
			d.Close(h)
			host.RunUntilIdle()
			other, _ := host.Pair(10)
			next, err := d.Open(other.FD(), transports.TCP, &sink{})
			Expect(err).NotTo(HaveOccurred())
			Expect(next.Slot()).To(Equal(h.Slot()))
			Expect(next.Generation()).NotTo(Or(Equal(h.Generation()), BeZero()))
			d.Close(h)
			d.Read(h, true)
			Expect(d.TrySend(h, []byte("x"))).Error().To(HaveOccurred())
			Expect(d.Send(h, []byte("x"))).Error().To(HaveOccurred())
			Expect(d.CloseWrite(h)).NotTo(Succeed())
			host.RunUntilIdle()
			Expect(other.IsClosed()).To(BeFalse())
		})

		It("fails for what is no descriptor, and closes what refuses", func() {
			Expect(d.Open(-1, transports.TCP, s)).Error().To(Equal(syscall.EBADF))
			e, _ := host.Pair(0)
			e.Refuse(syscall.ENOSPC)
			Expect(d.Open(e.FD(), transports.TCP, s)).Error().To(Equal(syscall.ENOSPC))
			Expect(e.IsClosed()).To(BeTrue())
		})
	})

	Describe("Read", func() {
		It("is off at first, and calls nothing itself", func() {
			write(far, "hello")
			host.RunUntilIdle()
			Expect(s.told()).To(BeEmpty())
			d.Read(h, true)
			Expect(s.told()).To(BeEmpty())
			host.RunUntilIdle()
			Expect(s.told()).To(Equal([]string{"received hello"}))
		})

		It("keeps order when it is turned off and on", func() {
			d.Read(h, true)
			write(far, "a")
			d.Read(h, false)
			host.RunUntilIdle()
			write(far, "b")
			Expect(far.CloseWrite()).To(Succeed())
			host.RunUntilIdle()
			Expect(s.told()).To(BeEmpty())
			d.Read(h, true)
			host.RunUntilIdle()
			Expect(s.told()).To(Or(
				Equal([]string{"received ab", "end EOF"}),
				Equal([]string{"received a", "received b", "end EOF"})))
		})

		It("keeps what a sink leaves over that is paused meanwhile", func() {
			s.take = func([]byte) int { d.Read(h, false); return 2 }
			d.Read(h, true)
			write(far, "hello")
			host.RunUntilIdle()
			Expect(s.told()).To(Equal([]string{"received hello"}))
			s.take = nil
			d.Read(h, true)
			host.RunUntilIdle()
			Expect(s.told()).To(Equal([]string{"received llo"}))
		})

		It("spoils the memory that it lent", func() {
			d.Read(h, true)
			write(far, "hello")
			host.RunUntilIdle()
			Expect(string(s.kept)).NotTo(ContainSubstring("l"))
		})

		It("leaves that to the transport in debug mode", func() {
			host.SetDebug(true)
			d.Read(h, true)
			write(far, "hello")
			host.RunUntilIdle()
			Expect(string(s.kept)).To(Equal("hello"))
		})

		It("tells the end once, and must not be turned on after it", func() {
			d.Read(h, true)
			Expect(far.CloseWrite()).To(Succeed())
			host.RunUntilIdle()
			d.Read(h, false)
			host.RunUntilIdle()
			Expect(s.told()).To(Equal([]string{"end EOF"}))
			Expect(func() { d.Read(h, true) }).To(PanicWith(ContainSubstring("after ReadEnd")))
		})

		It("tells a reset by its errno", func() {
			d.Read(h, true)
			far.Reset()
			host.RunUntilIdle()
			Expect(s.told()).To(Equal([]string{fmt.Sprint("end ", syscall.ECONNRESET)}))
		})
	})

	Describe("TrySend", func() {
		It("sends what the kernel takes, which may be nothing", func() {
			Expect(d.TrySend(h, []byte("hello, world"))).To(Equal(10))
			Expect(d.TrySend(h, []byte("x"))).To(Equal(0))
			Expect(arrived(far)).To(Equal("hello, wor"))
		})
	})

	Describe("Send", func() {
		It("sends the rest as room appears and reports it", func() {
			n, err := d.Send(h, []byte("hello, world"))
			Expect(err).NotTo(HaveOccurred())
			host.RunUntilIdle()
			Expect(arrived(far)).To(Equal("hello, wor"))
			host.RunUntilIdle()
			Expect(arrived(far)).To(Equal("ld"))
			host.RunUntilIdle()
			told := s.told()
			if n == 0 { // only submitted
				Expect(told).To(Equal([]string{"sent 10 <nil>", "sent 2 <nil>"}))
			} else {
				Expect(told).To(Equal([]string{"sent 2 <nil>"}))
			}
		})

		It("reports its failure", func() {
			near.Clog(true)
			Expect(d.Send(h, []byte("x"))).To(Equal(0))
			host.RunUntilIdle()
			far.Reset()
			host.RunUntilIdle()
			Expect(s.told()).To(Equal([]string{fmt.Sprint("sent 0 ", syscall.ECONNRESET)}))
		})

		It("must be over before TrySend, Send or CloseWrite", func() {
			near.Clog(true)
			Expect(d.Send(h, []byte("x"))).To(Equal(0))
			Expect(func() { _, _ = d.TrySend(h, []byte("y")) }).To(PanicWith(ContainSubstring("outstanding")))
			Expect(func() { _, _ = d.Send(h, []byte("y")) }).To(PanicWith(ContainSubstring("outstanding")))
			Expect(func() { _ = d.CloseWrite(h) }).To(PanicWith(ContainSubstring("outstanding")))
		})
	})

	Describe("Close", func() {
		It("calls the sink no more and ends the connection", func() {
			d.Read(h, true)
			host.RunUntilIdle()
			near.Clog(true)
			_, err := d.Send(h, []byte("x"))
			Expect(err).NotTo(HaveOccurred())
			d.Close(h)
			d.Close(h)
			host.RunUntilIdle()
			Expect(s.told()).To(BeEmpty())
			Expect(near.IsClosed()).To(BeTrue())
			_, err = far.ReadAll()
			Expect(err).To(Equal(io.EOF))
		})

		DescribeTable("inside Received, resets if something is left over and not otherwise", func(took int, end error) {
			s.take = func([]byte) int { d.Close(h); return took }
			d.Read(h, true)
			write(far, "hello")
			host.RunUntilIdle()
			Expect(s.told()).To(Equal([]string{"received hello"}))
			Expect(near.IsClosed()).To(BeTrue())
			_, err := far.ReadAll()
			Expect(err).To(Equal(end))
		}, Entry("nothing left", 5, io.EOF), Entry("something left", 2, syscall.ECONNRESET))

		It("resets if bytes were received and not delivered", func() {
			s.take = func([]byte) int { d.Read(h, false); return 2 }
			d.Read(h, true)
			write(far, "hello")
			host.RunUntilIdle()
			d.Close(h)
			host.RunUntilIdle()
			_, err := far.ReadAll()
			Expect(err).To(Equal(syscall.ECONNRESET))
		})
	})

	Describe("Connect", func() {
		It("calls back in the next iteration and gives the descriptor back", func() {
			e, _ := host.Pair(0)
			var told []error
			_, err := d.Connect(e.FD(), platform.Sockaddr{}, func(err error) { told = append(told, err) })
			Expect(err).NotTo(HaveOccurred())
			Expect(told).To(BeEmpty())
			host.RunUntilIdle()
			Expect(told).To(Equal([]error{nil}))
			Expect(e.IsClosed()).To(BeFalse())
			Expect(d.Open(e.FD(), transports.TCP, s)).Error().NotTo(HaveOccurred())
		})

		It("tells the refusal", func() {
			e, _ := host.Pair(0)
			e.Refuse(syscall.ECONNREFUSED)
			var told []error
			_, err := d.Connect(e.FD(), platform.Sockaddr{}, func(err error) { told = append(told, err) })
			Expect(err).NotTo(HaveOccurred())
			host.RunUntilIdle()
			Expect(told).To(Equal([]error{syscall.ECONNREFUSED}))
		})

		It("does not call back after Close", func() {
			e, _ := host.Pair(0)
			c, err := d.Connect(e.FD(), platform.Sockaddr{}, func(error) { s.seen = append(s.seen, "connected") })
			Expect(err).NotTo(HaveOccurred())
			host.CallSoon(func() { d.Close(c) })
			host.RunUntilIdle()
			Expect(s.told()).To(BeEmpty())
			Expect(e.IsClosed()).To(BeTrue())
		})
	})

	Describe("Listen", func() {
		It("stops at an error until Read", func() {
			p := host.NewPort()
			var told []string
			l, err := d.Listen(p.FD(), func(fd int, _ platform.Sockaddr, err error) {
				told = append(told, fmt.Sprint(fd < -1, " ", err))
			})
			Expect(err).NotTo(HaveOccurred())
			p.Dial(platform.Sockaddr{})
			p.Fail(syscall.EMFILE)
			p.Dial(platform.Sockaddr{})
			host.RunUntilIdle()
			Expect(told).To(Equal([]string{"true <nil>", "false " + syscall.EMFILE.Error()}))
			Expect(p.Waiting()).To(Equal(1))
			d.Read(l, true)
			Expect(told).To(HaveLen(2))
			host.RunUntilIdle()
			Expect(told[2:]).To(Equal([]string{"true <nil>"}))
		})
	})
}

var (
	_ = Describe("Readiness", func() { aDriver(readiness) })
	_ = Describe("Completion", func() { aDriver(completion) })
)
