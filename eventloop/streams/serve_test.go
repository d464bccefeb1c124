package streams_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/looptest"
	"github.com/tidemill-go/tidemill/eventloop/streams"
)

var errOnPurpose = errors.New("on purpose")

// echoLines is a handler.
func echoLines(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
	for line, err := range r.Lines(ctx) {
		if err != nil {
			return err
		}
		if _, err := w.Write(line); err != nil {
			return err
		}
		if err := w.Drain(ctx); err != nil {
			return err
		}
	}
	return nil
}

// serve serves on a free port until the end of the spec.
func (w *world) serve(ctx context.Context, h streams.Handler, cfg *streams.ServeConfig) *eventloop.Server {
	GinkgoHelper()
	s, err := streams.StartServer(w.Loop, h, "tcp", "127.0.0.1:0", cfg).Await(ctx)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() {
		_ = w.Post(func() { s.Close(); s.AbortClients() })
		Eventually(w.AllTasks).WithTimeout(patient).WithPolling(time.Millisecond).Should(BeEmpty(), "handlers")
	})
	return s
}

// visit connects to a server; the connection is closed with the spec.
func visit(s *eventloop.Server) *net.TCPConn {
	GinkgoHelper()
	c, err := net.Dial(s.Addrs()[0].Network(), s.Addrs()[0].String())
	Expect(err).NotTo(HaveOccurred())
	Expect(c.SetDeadline(time.Now().Add(patient))).To(Succeed())
	DeferCleanup(func() { _ = c.Close() })
	return c.(*net.TCPConn)
}

// ask sends something, ends the sending half and returns all that comes back.
func ask(c *net.TCPConn, words string) string {
	GinkgoHelper()
	_, err := c.Write([]byte(words))
	Expect(err).NotTo(HaveOccurred())
	Expect(c.CloseWrite()).To(Succeed())
	all, err := io.ReadAll(c)
	Expect(err).NotTo(HaveOccurred())
	return string(all)
}

func serveSpecs(kind string) {
	Describe("StartServer", func() {
		var w *world
		BeforeEach(func() { w = newWorld(kind) })

		It("serves every connection by a task of its own", func(ctx context.Context) {
			s := w.serve(ctx, echoLines, nil)
			first, second := visit(s), visit(s)
			Expect(ask(second, "one\ntwo\n")).To(Equal("one\ntwo\n"))
			Expect(ask(first, "three\nfour")).To(Equal("three\nfour"))
		}, bounded)

		It("gives readers their limit", func(ctx context.Context) {
			s := w.serve(ctx, func(ctx context.Context, r *streams.StreamReader, out *streams.StreamWriter) error {
				_, err := r.ReadLine(ctx)
				_, _ = out.Write([]byte(err.Error()))
				return nil
			}, &streams.ServeConfig{Limit: 5})
			Expect(ask(visit(s), "123456\n")).To(Equal((&streams.LimitError{Limit: 5, Size: 6}).Error()))
		}, bounded)

		It("reports an error of the handler and closes its connection", func(ctx context.Context) {
			s := w.serve(ctx, func(_ context.Context, _ *streams.StreamReader, out *streams.StreamWriter) error {
				_, _ = out.Write([]byte("goodbye"))
				return errOnPurpose
			}, nil)
			c := visit(s)
			Expect(io.ReadAll(c)).To(BeEquivalentTo("goodbye"))
			Expect(w.reports()).To(HaveExactElements(SatisfyAll(
				HaveField("Err", MatchError(errOnPurpose)),
				HaveField("Message", Equal("the handler of a connection failed")),
				HaveField("Task", Not(BeNil())), HaveField("Transport", Not(BeNil())))))
		}, bounded)

		It("reports a panic of the handler and closes its connection", func(ctx context.Context) {
			s := w.serve(ctx, func(context.Context, *streams.StreamReader, *streams.StreamWriter) error { panic(errOnPurpose) }, nil)
			Expect(io.ReadAll(visit(s))).To(BeEmpty())
			reports := w.reports()
			Expect(reports).To(HaveLen(1))
			Expect(reports[0].Err).To(MatchError(errOnPurpose))
			Expect(reports[0].Err).To(BeAssignableToTypeOf(&eventloop.PanicError{}))
		}, bounded)

		It("says nothing of a handler that was cancelled, and closes its connection", func(ctx context.Context) {
			tasks := make(chan eventloop.AnyTask, 1)
			s := w.serve(ctx, func(ctx context.Context, r *streams.StreamReader, _ *streams.StreamWriter) error {
				tasks <- w.CurrentTask()
				_, err := r.ReadLine(ctx)
				return err
			}, nil)
			c := visit(s)
			var task eventloop.AnyTask
			Eventually(ctx, tasks).Should(Receive(&task))
			w.on(ctx, func() { task.Cancel() })
			Expect(io.ReadAll(c)).To(BeEmpty())
		}, bounded)

		It("lets handlers go on when the server is closed", func(ctx context.Context) {
			s := w.serve(ctx, echoLines, nil)
			c := visit(s)
			Expect(c.Write([]byte("one\n"))).To(Equal(4))
			Expect(io.ReadFull(c, make([]byte, 4))).To(Equal(4))
			w.on(ctx, s.Close)
			Expect(ask(c, "two\n")).To(Equal("two\n"))
			Expect(s.WaitClosed(ctx)).To(Succeed())
		}, bounded)

		It("refuses what is no argument, and does nothing", func(ctx context.Context) {
			f := streams.StartServer(w.Loop, echoLines, "tcp", "127.0.0.1:0", &streams.ServeConfig{Limit: -1})
			Expect(f.Done()).To(BeTrue())
			Expect(f.Err()).To(opError("listen", os.ErrInvalid))
			Expect(streams.StartServer(w.Loop, nil, "tcp", "127.0.0.1:0", nil).Err()).To(MatchError(ContainSubstring("nil protocol factory")))
		}, bounded)
	})

	Describe("the end of Run", func() {
		It("cancels handlers, waits for them and sends what they wrote", func(ctx context.Context) {
			before := eventloop.CurrentPolicy()
			eventloop.SetPolicy(&eventloop.DefaultPolicy{Factory: func() (*eventloop.Loop, error) {
				return looptest.OfKind(kind, eventloop.SelectorConfig{})
			}})
			defer eventloop.SetPolicy(before)
			var ended error
			inside := make(chan struct{})
			handler := func(ctx context.Context, r *streams.StreamReader, out *streams.StreamWriter) error {
				close(inside)
				_, ended = r.ReadLine(ctx)
				_, _ = out.Write([]byte("goodbye"))
				return ended
			}
			addr, stop := make(chan *eventloop.Server, 1), make(chan struct{})
			over := make(chan error, 1)
			go func() {
				over <- eventloop.Run(ctx, func(ctx context.Context, l *eventloop.Loop) error {
					s, err := streams.StartServer(l, handler, "tcp", "127.0.0.1:0", nil).Await(ctx)
					if err != nil {
						return err
					}
					addr <- s
					_, err = eventloop.RunInExecutor(l, func() (int, error) { <-stop; return 0, nil }).Await(ctx)
					return err
				})
			}()
			var s *eventloop.Server
			Eventually(ctx, addr).Should(Receive(&s))
			c := visit(s)
			Eventually(ctx, inside).Should(BeClosed())
			close(stop)
			Expect(io.ReadAll(c)).To(BeEquivalentTo("goodbye"))
			Eventually(ctx, over).Should(Receive(BeNil()))
			Expect(ended).To(MatchError(eventloop.ErrCancelled))
		}, bounded)
	})
}
