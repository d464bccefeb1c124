package eventloop_test

import (
	"context"
	"io"
	"slices"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

var _ = Describe("On io_uring", func() {
	if !slices.Contains(kinds(), "io_uring") {
		return // what such a machine says is specified elsewhere
	}
	const piece, pieces = 64 << 10, 3
	var (
		w      *world
		p      *recorder.Stream
		client io.ReadWriteCloser
	)

	// burst makes several receives complete in one wait, of which the protocol
	// takes the first and pauses: the others are held.
	burst := func(ctx context.Context) {
		w = newRealWorld("io_uring")
		w.background()
		p = &recorder.Stream{}
		p.OnData = func([]byte) { p.Transport().PauseReading() }
		server := serving(ctx, w, func() protocols.Protocol { return p })
		client = dial(server.Addrs()[0])
		Eventually(ctx, p.String).Should(Equal("made"))
		Expect(w.Do(ctx, func() error {
			_, err := client.Write(make([]byte, pieces*piece))
			return err
		})).To(Succeed())
		Eventually(ctx, func() int { return len(p.Data()) }).Should(BeNumerically(">", 0))
		w.on(ctx, server.Close)
	}

	It("delivers what was held first, in order, and nothing while reading is paused", func(ctx SpecContext) {
		burst(ctx)
		first := len(p.Data())
		Expect(first).To(BeNumerically("<", pieces*piece))
		Consistently(func() int { return len(p.Data()) }).WithTimeout(tick).Should(Equal(first))
		p.OnData = nil
		w.on(ctx, p.Transport().ResumeReading)
		Eventually(ctx, func() int { return len(p.Data()) }).Should(Equal(pieces * piece))
		Expect(client.Close()).To(Succeed())
		Eventually(ctx, p.Done()).Should(BeClosed())
	}, bounded)

	It("resets a connection that is closed with input held", func(ctx SpecContext) {
		burst(ctx)
		w.on(ctx, func() { _ = p.Transport().Close() })
		Eventually(ctx, p.Done()).Should(BeClosed())
		_, err := client.Read(make([]byte, 1))
		Expect(err).To(MatchError(syscall.ECONNRESET))
	}, bounded)

	It("calls a reader before the writer of the same descriptor, whichever was ready first", func() {
		w, t := newWorld("io_uring"), &trace{}
		near, far := newSocketPair()
		Expect(w.AddReader(near.Fd(), t.adds("reader"))).To(Succeed())
		Expect(w.AddWriter(near.Fd(), t.adds("writer"))).To(Succeed())
		w.once()
		Expect(t.take()).To(Equal([]string{"writer"}))
		Expect(far.Write([]byte("x"))).To(Equal(1)) // while its poll is under way
		w.once()
		Expect(t.take()).To(Equal([]string{"reader", "writer"}))
		Expect(w.RemoveReader(near.Fd())).To(BeTrue())
		Expect(w.RemoveWriter(near.Fd())).To(BeTrue())
	})
})
