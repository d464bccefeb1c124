//go:build unix

package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/looptest"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

func clientsSpecs(kind string) {
	Describe("a server's clients", func() {
		// busy has a client that does not read what is written to it, and one of
		// another server.
		busy := func(ctx context.Context, w *world, n int) (server, other *eventloop.Server, p *recorder.Stream, client net.Conn) {
			GinkgoHelper()
			w.background()
			p = &recorder.Stream{}
			p.OnMade = func(t protocols.Transport) { _, _ = t.Write(pattern(n)) }
			server = serving(ctx, w, func() protocols.Protocol { return p })
			other = serving(ctx, w, newEcho)
			client = dial(server.Addrs()[0])
			Eventually(ctx, p.Transport).ShouldNot(BeNil())
			return server, other, p, client
		}

		It("get what is buffered for them from CloseClients, and then their end", func(ctx SpecContext) { // G23
			w := newRealWorld(kind)
			server, other, p, client := busy(ctx, w, 8<<20)
			stranger := dial(other.Addrs()[0])
			w.on(ctx, func() { server.Close(); server.CloseClients() })
			got, err := io.ReadAll(client)
			Expect(err).NotTo(HaveOccurred())
			Expect(got).To(HaveLen(8 << 20))
			Eventually(ctx, p.Done()).Should(BeClosed())
			Expect(server.WaitClosed(ctx)).To(Succeed())
			Expect(echoed(stranger, "hello")).To(Equal("hello"))
			w.on(ctx, other.Close)
		}, bounded)

		It("are cut off by AbortClients", func(ctx SpecContext) { // G23
			w := newRealWorld(kind)
			server, other, p, client := busy(ctx, w, 32<<20)
			stranger := dial(other.Addrs()[0])
			Expect(echoed(stranger, "hello")).To(Equal("hello"))
			w.on(ctx, func() { server.Close(); server.AbortClients() })
			Expect(server.WaitClosed(ctx)).To(Succeed())
			Expect(p.Err()).NotTo(HaveOccurred())
			n, _ := io.Copy(io.Discard, client)
			Expect(n).To(BeNumerically("<", 32<<20))
			Expect(echoed(stranger, "hello")).To(Equal("hello"))
			w.on(ctx, other.Close)
		}, bounded)

		It("are counted", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			server := serving(ctx, w, newEcho)
			statistics := func() (s eventloop.ServerStatistics) {
				w.on(ctx, func() { s = server.Statistics() })
				return s
			}
			Expect(statistics()).To(BeZero())
			first, second := dial(server.Addrs()[0]), dial(server.Addrs()[0])
			Expect(echoed(first, "x")).To(Equal("x"))
			Expect(echoed(second, "x")).To(Equal("x"))
			Expect(statistics()).To(Equal(eventloop.ServerStatistics{Connections: 2, Accepted: 2}))
			Expect(first.Close()).To(Succeed())
			Eventually(ctx, statistics).Should(Equal(eventloop.ServerStatistics{Connections: 1, Accepted: 2}))
			w.on(ctx, server.Close)
			Expect(statistics()).To(Equal(eventloop.ServerStatistics{Connections: 1, Accepted: 2}))
			Expect(second.Close()).To(Succeed())
			Eventually(ctx, statistics).Should(Equal(eventloop.ServerStatistics{Accepted: 2}))
		}, bounded)

		It("wait for a second when there are no descriptors, which is told and counted once a pause", func(ctx SpecContext) { // G28, G29
			guard()
			said, _ := helper(ctx, "pauses", "KIND="+kind)
			Expect(said).To(Equal("served after the pause, 1 report, 1 pause, 1 accepted\n"))
		}, bounded)
	})
}

// pauseOnce is a helper program: a server whose process has no descriptor left
// when a client comes, and gives one back half a second later.
func pauseOnce() error {
	// Before the server is there: an accept that is under way in an io_uring keeps
	// the limit that it was submitted with.
	if err := limitDescriptors(64); err != nil {
		return err
	}
	l, err := looptest.OfKind(os.Getenv("KIND"), eventloop.SelectorConfig{})
	if err != nil {
		return err
	}
	reports := 0
	l.SetExceptionHandler(func(*eventloop.Loop, eventloop.ExceptionContext) { reports++ })
	server, err := eventloop.RunUntilComplete(l, l.CreateServer(newEcho, "tcp", "127.0.0.1:0", nil))
	if err != nil {
		return err
	}
	client, err := net.Dial("tcp", server.Addrs()[0].String())
	if err != nil {
		return err
	}
	giveBack, err := useUp()
	if err != nil {
		return err
	}
	l.CallLater(500*time.Millisecond, giveBack)
	began := time.Now()
	waiter := eventloop.RunInExecutor(l, func() (string, error) { return echoed(client, "hello") })
	if _, err := eventloop.RunUntilComplete(l, waiter); err != nil {
		return err
	}
	when := "before"
	if time.Since(began) > 900*time.Millisecond {
		when = "after"
	}
	s := server.Statistics()
	fmt.Printf("served %s the pause, %d report, %d pause, %d accepted\n", when, reports, s.Pauses, s.Accepted)
	return nil
}

// limitDescriptors lets the process have n descriptors.
func limitDescriptors(n int) error {
	var limit unix.Rlimit
	setLimit(&limit.Cur, n)
	setLimit(&limit.Max, n)
	return unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)
}

// useUp opens files until the process may have no more.
func useUp() (giveBack func(), err error) {
	var files []*os.File
	for {
		f, err := os.Open(os.DevNull)
		if errors.Is(err, unix.EMFILE) {
			return func() {
				for _, f := range files {
					_ = f.Close()
				}
			}, nil
		}
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
}

// setLimit knows the type of a limit on this system.
func setLimit[T int64 | uint64](limit *T, n int) { *limit = T(n) }
