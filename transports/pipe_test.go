package transports_test

import (
	"errors"
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

var _ = onBothStyles("a read pipe", func(newHost func() *memory.Host) {
	var (
		host      *memory.Host
		p         *recorder.Stream
		r         *transports.ReadPipe
		near, far *memory.End
		told      []string
	)
	BeforeEach(func() {
		host, p, told = newHost(), &recorder.Stream{}, nil
		near, far = host.Pair(0)
		var err error
		r, err = transports.NewReadPipe(host, near.FD(), p, transports.PipeConfig{
			Made:    func() { told = append(told, "made after "+p.String()) },
			Closing: func() { told = append(told, "closing after "+p.String()) },
		})
		Expect(err).NotTo(HaveOccurred())
		host.RunUntilIdle()
	})
	AfterEach(func() {
		host.Do(r.Abort)
		host.RunUntilIdle()
		Expect(near.IsClosed()).To(BeTrue())
		Expect(p.Violations()).To(BeEmpty())
	})

	It("is handed to its protocol as itself", func() {
		Expect(p.Transport()).To(BeIdenticalTo(protocols.Transport(r)))
	})

	It("tells its maker when it is made, and right before the descriptor closes", func() {
		host.Do(func() { _ = r.Close() })
		host.RunUntilIdle()
		Expect(told).To(Equal([]string{"made after made", "closing after made lost(nil)"}))
	})

	It("is closing before EOFReceived, and each is a callback of its own", func() { // K5
		var closing bool
		var between []string
		p.OnEOF = func() bool {
			closing = r.IsClosing()
			between = append(between, p.String())
			return true
		}
		_, err := far.Write([]byte("hello"))
		Expect(err).NotTo(HaveOccurred())
		far.Close()
		host.RunUntilIdle()
		Expect(p.String()).To(Equal("made data(5) eof lost(nil)"))
		Expect(closing).To(BeTrue())
		Expect(between).To(Equal([]string{"made data(5) eof"}))
	})

	It("reports a failure of EOFReceived and is lost without one", func() {
		p.OnEOF = func() bool { panic("boom") }
		far.Close()
		host.RunUntilIdle()
		Expect(p.String()).To(Equal("made eof lost(nil)"))
		Expect(host.Failures()).To(HaveLen(1))
		Expect(host.Failures()[0].Transport).To(BeIdenticalTo(r))
	})

	It("reports a failed read other than EIO, and is lost with it", func() { // K8
		far.Reset()
		host.RunUntilIdle()
		Expect(p.Err()).To(MatchError(syscall.ECONNRESET))
		Expect(host.Failures()).To(HaveLen(1))
		Expect(host.Failures()[0].Err).To(BeIdenticalTo(p.Err()))
	})

	It("keeps EIO to itself and its protocol", func() { // K8
		host.Do(func() { r.ReadEnd(syscall.EIO) })
		host.RunUntilIdle()
		Expect(p.Err()).To(MatchError(syscall.EIO))
		Expect(host.Failures()).To(BeEmpty())
	})

	It("refuses to send", func() { // K10
		var errs []error
		host.Do(func() {
			_, write := r.Write([]byte("x"))
			_, buffers := r.WriteBuffers(net.Buffers{{1}})
			errs = []error{write, buffers, r.WriteEOF(), r.SetWriteBufferLimits(protocols.Watermarks{}), r.Reserve(nil)}
		})
		Expect(errs).To(HaveEach(MatchError(errors.ErrUnsupported)))
	})

	It("knows only the pipe, and no addresses", func() {
		Expect(r.ExtraInfo("pipe")).NotTo(BeNil())
		Expect(r.ExtraInfo("socket")).To(BeNil())
		Expect(r.LocalAddr() == nil).To(BeTrue())
		Expect(r.RemoteAddr() == nil).To(BeTrue())
		Expect(r.String()).To(HavePrefix("pipe "))
	})
})

var _ = onBothStyles("a write pipe", func(newHost func() *memory.Host) {
	var (
		host      *memory.Host
		p         *recorder.Stream
		w         *transports.WritePipe
		near, far *memory.End
	)
	open := func(cfg transports.PipeConfig) {
		GinkgoHelper()
		host, p = newHost(), &recorder.Stream{}
		near, far = host.Pair(0)
		var err error
		w, err = transports.NewWritePipe(host, near.FD(), p, cfg)
		Expect(err).NotTo(HaveOccurred())
		host.RunUntilIdle()
	}
	BeforeEach(func() { open(transports.PipeConfig{}) })
	AfterEach(func() {
		host.Do(w.Abort)
		host.RunUntilIdle()
		Expect(near.IsClosed()).To(BeTrue())
		Expect(p.Violations()).To(BeEmpty())
		Expect(host.Failures()).To(BeEmpty())
	})

	It("sends what was written before its end, and nothing that comes after it", func() { // K12, K13
		var late error
		host.Do(func() {
			_, _ = w.Write([]byte("hello"))
			_ = w.WriteEOF()
			_, late = w.Write([]byte("late"))
		})
		host.RunUntilIdle()
		Expect(late).To(MatchError(net.ErrClosed))
		data, err := far.ReadAll()
		Expect(string(data)).To(Equal("hello"))
		Expect(err).To(Equal(io.EOF))
		Expect(p.String()).To(Equal("made lost(nil)"))
	})

	It("warns from the sixth dropped write on", func() { // K13
		host.Do(func() {
			_ = w.Close()
			for range 5 {
				_, _ = w.Write([]byte("late"))
			}
			_, _ = w.WriteBuffers(net.Buffers{nil})
		})
		Expect(host.Warnings()).To(BeEmpty())
		host.Do(func() { _, _ = w.WriteBuffers(net.Buffers{{1}}) })
		Expect(host.Warnings()).To(HaveLen(1))
	})

	It("ends when its reader goes, with EPIPE if something was left", func() { // K14, K15
		far.Close()
		host.RunUntilIdle()
		Expect(p.String()).To(Equal("made lost(nil)"))
		open(transports.PipeConfig{})
		host.Do(func() { _, _ = w.Write(make([]byte, 4*memory.DefaultCapacity)) })
		far.Take(1)
		far.Close()
		host.RunUntilIdle()
		Expect(p.Err()).To(Or(MatchError(syscall.EPIPE), MatchError(syscall.ECONNRESET)))
	})

	It("takes input for such an end", func() { // K19
		_, err := far.Write([]byte("input"))
		Expect(err).NotTo(HaveOccurred())
		host.RunUntilIdle()
		Expect(p.String()).To(Equal("made lost(nil)"))
	})

	It("waits for neither if it is told that the other end is silent", func() {
		open(transports.PipeConfig{Silent: true})
		_, err := far.Write([]byte("input"))
		Expect(err).NotTo(HaveOccurred())
		host.RunUntilIdle()
		Expect(p.String()).To(Equal("made"))
	})

	It("has no receiving half", func() {
		host.Do(func() {
			w.PauseReading()
			w.ResumeReading()
		})
		Expect(w.IsReading()).To(BeFalse())
		far.Close()
		host.RunUntilIdle()
		Expect(p.String()).To(Equal("made lost(nil)"))
	})
})
