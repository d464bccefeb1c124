package memory_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/transports"
	"github.com/tidemill-go/tidemill/transports/memory"
)

var _ = Describe("Readiness", func() {
	It("receives into the sink's own memory if it has any", func() {
		host := readiness()
		near, far := host.Pair(0)
		s := &sink{buffer: make([]byte, 3)}
		h, err := host.Driver().Open(near.FD(), transports.TCP, s)
		Expect(err).NotTo(HaveOccurred())
		host.Driver().Read(h, true)
		write(far, "hello")
		host.RunUntilIdle()
		Expect(s.told()).To(Equal([]string{"filled hel", "filled lo"}))
	})
})

var _ = Describe("Completion", func() {
	var (
		host      *memory.Host
		d         *memory.Completion
		s         *sink
		h         transports.Handle
		near, far *memory.End
	)
	BeforeEach(func() {
		host, d = memory.NewCompletion()
		s = &sink{}
		near, far = host.Pair(10)
		var err error
		h, err = d.Open(near.FD(), transports.TCP, s)
		Expect(err).NotTo(HaveOccurred())
		d.Read(h, true)
	})

	It("never asks for the sink's memory", func() {
		s.buffer = make([]byte, 3)
		write(far, "hello")
		host.RunUntilIdle()
		Expect(s.told()).To(Equal([]string{"received hello"}))
	})

	It("submits a Send with the next iteration or Settle, and reports it there", func() {
		Expect(d.Send(h, []byte("hello"))).To(Equal(0))
		Expect(far.Waiting()).To(BeZero())
		Expect(s.told()).To(BeEmpty())
		d.Settle()
		Expect(arrived(far)).To(Equal("hello"))
		Expect(s.told()).To(Equal([]string{"sent 5 <nil>"}))
	})

	It("reports no input in Settle", func() {
		write(far, "hello")
		d.Settle()
		Expect(s.told()).To(BeEmpty())
	})

	It("finds out who changes memory that it still has", func() {
		b := []byte("hello")
		d.Withhold()
		Expect(d.Send(h, b)).To(Equal(0))
		host.RunUntilIdle()
		b[0] = 'J'
		d.Release()
		Expect(d.Settle).To(PanicWith(ContainSubstring("changed before")))
	})

	It("lets single completions through, in any order", func() {
		d.Withhold()
		Expect(d.Send(h, []byte("hello"))).To(Equal(0))
		write(far, "hi")
		host.RunUntilIdle()
		Expect(d.Pending()).To(Equal(2))
		Expect(s.told()).To(BeEmpty())
		d.ReleaseOne(1)
		host.RunUntilIdle()
		first := s.told()
		Expect(first).To(HaveLen(1))
		d.ReleaseOne(0)
		host.RunUntilIdle()
		Expect(append(first, s.told()...)).To(ConsistOf("sent 5 <nil>", "received hi"))
	})

	It("goes on after a Cancel, with the input that was there or without", func() {
		for _, first := range []bool{false, true} {
			d.CancelFirst(first)
			write(far, "a")
			d.Cancel()
			host.RunUntilIdle()
			write(far, "b")
			host.RunUntilIdle()
			Expect(s.told()).To(Equal([]string{"received a", "received b"}))
		}
	})
})
