package streams_test

import (
	"context"
	"io"
	"net"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/streams"
	"github.com/tidemill-go/tidemill/protocols/framing"
)

// open opens a connection to a peer of package net; both ends are closed with the
// spec.
func (w *world) open(ctx context.Context, cfg *streams.OpenConfig) (*streams.StreamReader, *streams.StreamWriter, *net.TCPConn) {
	GinkgoHelper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = l.Close() }()
	r, out, err := streams.OpenConnection(ctx, w.Loop, "tcp", l.Addr().String(), cfg)
	Expect(err).NotTo(HaveOccurred())
	peer, err := l.Accept()
	Expect(err).NotTo(HaveOccurred())
	Expect(peer.SetDeadline(time.Now().Add(patient))).To(Succeed())
	DeferCleanup(func() {
		_ = w.Post(func() { _ = out.Abort() })
		_ = peer.Close()
	})
	return r, out, peer.(*net.TCPConn)
}

// fill writes until writing is paused, and returns how much that was.
func fill(out *streams.StreamWriter) (n int) {
	for !out.Paused() {
		k, _ := out.Write(make([]byte, 64<<10))
		n += k
	}
	return n
}

func writerSpecs(kind string) {
	Describe("StreamWriter", func() {
		var (
			w    *world
			r    *streams.StreamReader
			out  *streams.StreamWriter
			peer *net.TCPConn
		)
		BeforeEach(func(ctx context.Context) {
			w = newWorld(kind)
			r, out, peer = w.open(ctx, nil)
		}, settled)

		drain := func(ctx context.Context) (struct{}, error) { return struct{}{}, out.Drain(ctx) }
		waiting := func(ctx context.Context) func() int {
			return func() (n int) {
				w.on(ctx, func() { n = out.Waiting() })
				return n
			}
		}
		// reset ends the connection as a crashed peer does.
		reset := func() {
			GinkgoHelper()
			Expect(peer.SetLinger(0)).To(Succeed())
			Expect(peer.Close()).To(Succeed())
		}
		lost := func(ctx context.Context) error {
			_, err := in(ctx, w, func(ctx context.Context) (int, error) { return 0, out.WaitClosed(ctx) })
			return err
		}

		It("forwards to the transport", func(ctx context.Context) {
			_, err := in(ctx, w, func(ctx context.Context) (int, error) {
				if _, err := out.Write([]byte("one ")); err != nil {
					return 0, err
				}
				if _, err := out.WriteBuffers(net.Buffers{[]byte("two "), []byte("three ")}); err != nil {
					return 0, err
				}
				if err := out.WriteFrame(framing.Netstrings{}, []byte("four")); err != nil {
					return 0, err
				}
				return 0, out.WriteEOF()
			})
			Expect(err).NotTo(HaveOccurred())
			got, err := io.ReadAll(peer)
			Expect(err).NotTo(HaveOccurred())
			Expect(string(got)).To(Equal("one two three 4:four,"))
			var canEnd, closing bool
			var peerName any
			w.on(ctx, func() {
				canEnd, closing, peerName = out.CanWriteEOF(), out.IsClosing(), out.ExtraInfo("peername")
			})
			Expect(canEnd).To(BeTrue())
			Expect(closing).To(BeFalse())
			Expect(peerName).To(Equal(out.RemoteAddr()))
			Expect(out.RemoteAddr().String()).To(Equal(peer.LocalAddr().String()))
			Expect(out.LocalAddr().String()).To(Equal(peer.RemoteAddr().String()))
			_, secure := out.ConnectionState()
			Expect(secure).To(BeFalse())
		}, bounded)

		It("writes no frame that its framing refuses", func(ctx context.Context) {
			Expect(w.Do(ctx, func() error {
				return out.WriteFrame(framing.Lines{}, []byte("a\nb"))
			})).To(MatchError(framing.ErrMalformed))
			Expect(w.Do(ctx, out.Close)).To(Succeed())
			Expect(io.ReadAll(peer)).To(BeEmpty())
		}, bounded)

		It("goes on writing when the peer has ended its half", func(ctx context.Context) {
			Expect(peer.CloseWrite()).To(Succeed())
			_, err := in(ctx, w, func(ctx context.Context) (int, error) {
				if _, err := r.ReadAll(ctx); err != nil {
					return 0, err
				}
				if _, err := out.Write([]byte("still open")); err != nil {
					return 0, err
				}
				if err := out.Close(); err != nil {
					return 0, err
				}
				return 0, out.WaitClosed(ctx)
			})
			Expect(err).NotTo(HaveOccurred())
			got, err := io.ReadAll(peer)
			Expect(err).NotTo(HaveOccurred())
			Expect(string(got)).To(Equal("still open"))
		}, bounded)

		It("drains at once while writing is not paused, outside a task too", func(ctx context.Context) {
			var err error
			w.on(ctx, func() { err = out.Drain(ctx) })
			Expect(err).NotTo(HaveOccurred())
			w.on(ctx, func() { fill(out); err = out.Drain(ctx) })
			Expect(err).To(MatchError(eventloop.ErrAwaitOnLoop))
		}, bounded)

		It("makes any number of tasks wait until the peer has taken enough", func(ctx context.Context) {
			var n int
			w.on(ctx, func() { n = fill(out) })
			var tasks []*eventloop.Task[struct{}]
			for range 3 {
				tasks = append(tasks, eventloop.CreateTask(w.Loop, drain))
			}
			Eventually(ctx, waiting(ctx)).Should(Equal(3))
			Expect(io.CopyN(io.Discard, peer, int64(n))).To(BeEquivalentTo(n))
			for _, t := range tasks {
				_, err := t.Await(ctx)
				Expect(err).NotTo(HaveOccurred())
			}
			Expect(waiting(ctx)()).To(BeZero())
		}, bounded)

		It("goes on waiting when writing is paused again before its turn", func(ctx context.Context) {
			w.on(ctx, out.Pause)
			task := eventloop.CreateTask(w.Loop, drain)
			Eventually(ctx, waiting(ctx)).Should(Equal(1))
			w.on(ctx, func() { out.Resume(); out.Pause() })
			w.on(ctx, func() {})
			Expect(task.Done()).To(BeFalse())
			w.on(ctx, out.Resume)
			_, err := task.Await(ctx)
			Expect(err).NotTo(HaveOccurred())
		}, bounded)

		It("ends a Drain with its context or a cancellation, and the others go on", func(ctx context.Context) {
			w.on(ctx, func() { fill(out) })
			_, err := in(ctx, w, func(ctx context.Context) (struct{}, error) {
				short, cancel := context.WithTimeout(ctx, time.Millisecond)
				defer cancel()
				return drain(short)
			})
			Expect(err).To(MatchError(context.DeadlineExceeded))
			first, second := eventloop.CreateTask(w.Loop, drain), eventloop.CreateTask(w.Loop, drain)
			Eventually(ctx, waiting(ctx)).Should(Equal(2))
			w.on(ctx, func() { first.Cancel() })
			_, err = first.Await(ctx)
			Expect(err).To(MatchError(eventloop.ErrCancelled))
			Expect(waiting(ctx)()).To(Equal(1))
			reset()
			_, err = second.Await(ctx)
			Expect(err).To(MatchError(errReset))
		}, bounded)

		It("tells Drain the error of the connection, during the loss and after it", func(ctx context.Context) {
			w.on(ctx, func() { fill(out) })
			task := eventloop.CreateTask(w.Loop, drain)
			Eventually(ctx, waiting(ctx)).Should(Equal(1))
			reset()
			_, err := task.Await(ctx)
			Expect(err).To(MatchError(errReset))
			Expect(lost(ctx)).To(BeIdenticalTo(err), "it is the connection's own error")
			_, later := in(ctx, w, drain)
			Expect(later).To(BeIdenticalTo(err))
			_, err = in(ctx, w, func(ctx context.Context) (int, error) { return r.Read(ctx, make([]byte, 1)) })
			Expect(err).To(MatchError(errReset))
		}, bounded)

		It("calls a loss without an error ECONNRESET, in Drain only", func(ctx context.Context) {
			w.on(ctx, func() { fill(out) })
			task := eventloop.CreateTask(w.Loop, drain)
			Eventually(ctx, waiting(ctx)).Should(Equal(1))
			Expect(w.Do(ctx, out.Abort)).To(Succeed())
			_, err := task.Await(ctx)
			Expect(err).To(opError("write", errReset))
			Expect(lost(ctx)).To(Succeed())
			Expect(in(ctx, w, func(ctx context.Context) (string, error) { return readAll(ctx, r) })).To(BeEmpty())
		}, bounded)

		It("lets a task notice the loss that only writes and drains", func(ctx context.Context) {
			reset()
			_, err := in(ctx, w, func(ctx context.Context) (int, error) {
				for {
					_, _ = out.Write(make([]byte, 1000))
					if err := out.Drain(ctx); err != nil {
						return 0, err
					}
				}
			})
			Expect(err).To(Or(MatchError(errReset), MatchError(syscall.EPIPE)))
			Expect(w.Do(ctx, func() error {
				_, err := out.Write([]byte("x"))
				return err
			})).To(MatchError(net.ErrClosed))
		}, bounded)

		It("gives others a turn in Drain while the connection is being closed", func(ctx context.Context) {
			other := 0
			Expect(in(ctx, w, func(ctx context.Context) (int, error) {
				if err := out.Close(); err != nil {
					return 0, err
				}
				w.CallSoon(func() { other++ })
				_ = out.Drain(ctx)
				return other, nil
			})).To(Equal(1))
		}, bounded)

		It("waits for the end of a Close that has to send first", func(ctx context.Context) {
			n := 0
			w.on(ctx, func() { n = fill(out) })
			over := eventloop.CreateTask(w.Loop, func(ctx context.Context) (int, error) {
				if err := out.Close(); err != nil {
					return 0, err
				}
				return 0, out.WaitClosed(ctx)
			})
			Eventually(ctx, waiting(ctx)).Should(Equal(1))
			Expect(over.Done()).To(BeFalse())
			Expect(io.CopyN(io.Discard, peer, int64(n))).To(BeEquivalentTo(n))
			_, err := over.Await(ctx)
			Expect(err).NotTo(HaveOccurred())
		}, bounded)

		It("refuses goroutines", func(ctx context.Context) {
			_, err := out.Write([]byte("x"))
			Expect(err).To(MatchError(eventloop.ErrInvalidState))
			_, err = out.WriteBuffers(net.Buffers{[]byte("x")})
			Expect(err).To(MatchError(eventloop.ErrInvalidState))
			for _, err := range []error{
				out.WriteEOF(), out.Drain(ctx), out.Close(), out.Abort(), out.WaitClosed(ctx), out.WriteFrame(framing.Lines{}, nil),
			} {
				Expect(err).To(MatchError(eventloop.ErrInvalidState))
			}
			_, err = out.Conn(nil)
			Expect(err).To(MatchError(eventloop.ErrInvalidState))
			Expect(lostNow(w, ctx, out)).To(BeFalse())
		}, bounded)
	})
}

// lostNow reports whether the connection is closing or lost.
func lostNow(w *world, ctx context.Context, out *streams.StreamWriter) (closing bool) {
	GinkgoHelper()
	w.on(ctx, func() { closing = out.IsClosing() })
	return closing
}
