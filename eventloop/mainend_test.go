package eventloop_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

// runAndWrite connects to a peer under Run, writes, and returns from main with
// the bytes still buffered.
func runAndWrite(ctx context.Context, to net.Addr, p *recorder.Stream, data []byte) error {
	return eventloop.Run(ctx, func(ctx context.Context, l *eventloop.Loop) error {
		c, err := l.CreateConnection(func() protocols.Protocol { return p }, "tcp", to.String(), nil).Await(ctx)
		if err != nil {
			return err
		}
		_, err = c.Transport.Write(data)
		return err
	})
}

var _ = Describe("the end of Run", func() {
	It("cancels the tasks that are left and waits for them, also for those they make", func(ctx SpecContext) {
		newRunWorld(eventloop.SelectorConfig{})
		t := &trace{}
		err := eventloop.Run(ctx, func(ctx context.Context, l *eventloop.Loop) error {
			eventloop.CreateTask(l, func(ctx context.Context) (none, error) {
				err := eventloop.Sleep(ctx, time.Hour)
				t.add("first: " + err.Error())
				eventloop.CreateTask(l, func(ctx context.Context) (none, error) {
					err := eventloop.Sleep(ctx, time.Hour)
					t.add("second: " + err.Error())
					return none{}, err
				})
				_ = eventloop.Sleep(ctx, 0)
				_ = eventloop.Sleep(ctx, 0)
				return none{}, err
			})
			return eventloop.Sleep(ctx, 0)
		})
		Expect(err).NotTo(HaveOccurred())
		Expect(t.take()).To(ContainElement("first: cancelled"))
	}, bounded)

	It("reports a task that fails while it is cancelled", func(ctx SpecContext) {
		r := newRunWorld(eventloop.SelectorConfig{})
		err := eventloop.Run(ctx, func(ctx context.Context, l *eventloop.Loop) error {
			eventloop.CreateTask(l, func(ctx context.Context) (none, error) {
				_ = eventloop.Sleep(ctx, time.Hour)
				return none{}, errSpec
			})
			return eventloop.Sleep(ctx, 0)
		})
		Expect(err).NotTo(HaveOccurred())
		Expect(r.reports()).To(HaveExactElements(HaveField("Err", MatchError(errSpec))))
	}, bounded)

	It("closes servers, and connections regularly", func(ctx SpecContext) {
		newRunWorld(eventloop.SelectorConfig{})
		at := make(chan net.Addr, 1)
		var client *net.TCPConn
		released := make(chan bool)
		over := make(chan error, 1)
		served := &recorder.Stream{}
		go func() {
			over <- eventloop.Run(ctx, func(ctx context.Context, l *eventloop.Loop) error {
				server, err := l.CreateServer(func() protocols.Protocol { return served }, "tcp", "127.0.0.1:0", nil).Await(ctx)
				if err != nil {
					return err
				}
				at <- server.Addrs()[0]
				_, err = eventloop.RunInExecutor(l, func() (bool, error) { return <-released, nil }).Await(ctx)
				return err
			})
		}()
		address := <-at
		client = dial(address)
		Expect(client.Write([]byte("x"))).To(Equal(1))
		Eventually(ctx, served.Data).Should(HaveLen(1))
		close(released)
		Eventually(ctx, over).Should(Receive(BeNil()))
		expectRefused(address)
		Expect(io.ReadAll(client)).To(BeEmpty())
		Expect(served.String()).To(Equal("made data(1) lost(nil)"))
		Expect(served.Violations()).To(BeEmpty())
	}, bounded)

	It("lets 8 MiB that are buffered for a slow reader out", func(ctx SpecContext) {
		newRunWorld(eventloop.SelectorConfig{Linger: 15 * time.Second})
		l, sent, p := listen(), pattern(8<<20), &recorder.Stream{}
		over := make(chan error, 1)
		go func() { over <- runAndWrite(ctx, l.Addr(), p, sent) }()
		peer, err := l.Accept()
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(peer.Close)
		got := slowly(peer.(*net.TCPConn))
		Expect(bytes.Equal(got, sent)).To(BeTrue())
		Eventually(ctx, over).Should(Receive(BeNil()))
		Expect(p.Err()).NotTo(HaveOccurred())
		Expect(p.Done()).To(BeClosed())
	}, bounded)

	DescribeTable("aborts what a reader does not take", func(ctx SpecContext, linger, atLeast time.Duration) {
		newRunWorld(eventloop.SelectorConfig{Linger: linger})
		l, p := listen(), &recorder.Stream{}
		began := time.Now()
		Expect(runAndWrite(ctx, l.Addr(), p, pattern(8<<20))).To(Succeed())
		Expect(time.Since(began)).To(And(BeNumerically(">=", atLeast), BeNumerically("<", 2*time.Second)))
		Expect(p.Done()).To(BeClosed())
		Expect(p.String()).To(Equal("made pause lost(nil)"))
	},
		Entry("once the linger time is over", 50*time.Millisecond, 50*time.Millisecond, bounded),
		Entry("at once for a negative linger time", time.Duration(-1), time.Duration(0), bounded),
	)

	It("waits for the executor", func(ctx SpecContext) {
		newRunWorld(eventloop.SelectorConfig{})
		release, finished := make(chan bool), false
		over := make(chan error, 1)
		go func() {
			over <- eventloop.Run(ctx, func(ctx context.Context, l *eventloop.Loop) error {
				eventloop.RunInExecutor(l, func() (int, error) {
					<-release
					finished = true
					return 0, nil
				})
				return nil
			})
		}()
		Consistently(over).WithTimeout(tick).ShouldNot(Receive())
		close(release)
		Eventually(ctx, over).Should(Receive(BeNil()))
		Expect(finished).To(BeTrue())
	}, bounded)

	It("ends waits of goroutines elsewhere", func(ctx SpecContext) {
		newRunWorld(eventloop.SelectorConfig{})
		over := make(chan error, 1)
		err := eventloop.Run(ctx, func(ctx context.Context, l *eventloop.Loop) error {
			f := eventloop.NewFuture[int](l)
			go func() {
				_, err := f.Await(context.Background())
				over <- err
			}()
			return eventloop.Sleep(ctx, time.Millisecond)
		})
		Expect(err).NotTo(HaveOccurred())
		Eventually(ctx, over).Should(Receive(MatchError(eventloop.ErrLoopClosed)))
	}, bounded)
})
