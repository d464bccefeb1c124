package memory_test

import (
	"io"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/transports/memory"
)

var _ = Describe("a Pair of ends", func() {
	var a, b *memory.End
	BeforeEach(func() {
		host, _ := memory.NewReadiness()
		a, b = host.Pair(10)
	})
	write := func(e *memory.End, text string) {
		GinkgoHelper()
		Expect(e.Write([]byte(text))).To(Equal(len(text)))
	}

	It("has numbers that are nobody's descriptors", func() {
		Expect([]int{a.FD(), b.FD()}).To(HaveEach(BeNumerically("<", 0)))
		Expect(a.FD()).NotTo(Equal(b.FD()))
	})

	It("carries bytes both ways, in order", func() {
		write(a, "ab")
		write(b, "xy")
		write(a, "cd")
		Expect(b.Waiting()).To(Equal(4))
		Expect(string(b.Take(3))).To(Equal("abc"))
		Expect(string(b.Take(3))).To(Equal("d"))
		Expect(a.ReadAll()).To(Equal([]byte("xy")))
	})

	It("takes no more than its capacity, and that is set for each direction", func() {
		Expect(a.Write(make([]byte, 20))).To(Equal(10))
		Expect(a.Write([]byte("x"))).To(Equal(0))
		b.Take(4)
		Expect(a.Write(make([]byte, 20))).To(Equal(4))
		a.SetCapacity(3)
		Expect(a.Write([]byte("x"))).To(Equal(0))
		b.SetCapacity(12)
		Expect(b.Write(make([]byte, 20))).To(Equal(12))
	})

	It("takes nothing while it is clogged", func() {
		a.Clog(true)
		Expect(a.Write([]byte("x"))).To(Equal(0))
		write(b, "free")
		a.Clog(false)
		write(a, "x")
	})

	It("ends a direction after what is in it", func() {
		write(a, "last")
		Expect(a.CloseWrite()).To(Succeed())
		Expect(b.Ended()).To(BeTrue())
		data, err := b.ReadAll()
		Expect(string(data)).To(Equal("last"))
		Expect(err).To(Equal(io.EOF))
		write(b, "reply")
		Expect(a.Take(5)).To(Equal([]byte("reply")))
		Expect(a.Write([]byte("x"))).Error().To(Equal(syscall.EPIPE))
	})

	It("lets input that arrived be read before a reset", func() {
		write(a, "last")
		a.Reset()
		Expect(b.Take(4)).To(Equal([]byte("last")))
		_, err := b.ReadAll()
		Expect(err).To(Equal(syscall.ECONNRESET))
		_, err = b.ReadAll()
		Expect(err).To(Equal(io.EOF), "an error is told once")
		Expect(b.CloseWrite()).To(Equal(syscall.ENOTCONN))
	})

	It("tells a reset to whoever calls first, and EPIPE to the next send", func() {
		a.Reset()
		Expect(b.Write([]byte("x"))).Error().To(Equal(syscall.ECONNRESET))
		Expect(b.Write([]byte("x"))).Error().To(Equal(syscall.EPIPE))
	})

	It("hangs up as a terminal does: what was printed, then EIO for ever", func() {
		write(a, "last")
		write(b, "typed")
		a.HangUp()
		Expect(a.IsClosed()).To(BeTrue())
		Expect(b.Ended()).To(BeTrue())
		Expect(b.Write([]byte("x"))).Error().To(Equal(syscall.EIO))
		Expect(b.Take(4)).To(Equal([]byte("last")))
		for range 2 {
			_, err := b.ReadAll()
			Expect(err).To(Equal(syscall.EIO))
		}
	})

	It("resets when it is closed with unread input", func() {
		write(b, "unread")
		a.Close()
		_, err := b.ReadAll()
		Expect(err).To(Equal(syscall.ECONNRESET))
	})

	It("ends in order when it is closed without, takes one more write, and then none", func() {
		a.Close()
		_, err := b.ReadAll()
		Expect(err).To(Equal(io.EOF))
		write(b, "into the void")
		Expect(b.Write([]byte("x"))).Error().To(Equal(syscall.EPIPE))
		_, err = b.ReadAll()
		Expect(err).To(Equal(io.EOF))
	})

	It("refuses everything once it is closed, and may be closed again", func() {
		a.Close()
		a.Close()
		a.Reset()
		Expect(a.IsClosed()).To(BeTrue())
		Expect(a.Write([]byte("x"))).Error().To(Equal(syscall.EBADF))
		_, err := a.ReadAll()
		Expect(err).To(Equal(syscall.EBADF))
		Expect(a.CloseWrite()).To(Equal(syscall.EBADF))
		_, err = b.ReadAll()
		Expect(err).To(Equal(io.EOF), "the second close was no reset")
	})
})
