//go:build unix

package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/looptest"
)

const (
	stormSignals = 10_000
	stormPosts   = 5_000
	stormTimers  = 200
	stormEchoes  = 500
)

func stormSpecs(kind string) {
	It("hears the last of 10,000 SIGUSR1 and loses nothing else meanwhile", func(ctx SpecContext) { // M13
		stdout, _ := helper(ctx, "storm:"+kind)
		Expect(stdout).To(Equal(fmt.Sprintf("after the last, posts %d, timers %d, echoes %d\n",
			stormPosts, stormTimers, stormEchoes)))
	}, SpecTimeout(time.Minute))
}

// storm is what a loop does while signals rain on its process. SIGUSR1 is
// Ginkgo's, so it is a helper program.
type storm struct {
	loop          *eventloop.Loop
	sent          atomic.Int64
	afterLast     chan bool
	posts, timers int
}

func stormOfSignals(kind string) error {
	l, err := looptest.OfKind(kind, eventloop.SelectorConfig{})
	if err != nil {
		return err
	}
	s := &storm{loop: l, afterLast: make(chan bool, 1)}
	over := make(chan error, 1)
	go func() { over <- l.RunForever() }()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	err = s.pass(ctx)
	l.Stop()
	return errors.Join(err, <-over, l.Close())
}

func (s *storm) pass(ctx context.Context) error {
	server, err := s.loop.CreateServer(newEcho, "tcp", "127.0.0.1:0", nil).Await(ctx)
	if err != nil {
		return err
	}
	if err := s.loop.Do(ctx, s.begin); err != nil {
		return err
	}
	echoes := make(chan int, 1)
	go func() { echoes <- echoMany(server.Addrs()[0]) }()
	posted := make(chan error, 1)
	go func() { posted <- s.postMany() }()
	for range stormSignals {
		s.sent.Add(1)
		if err := syscall.Kill(os.Getpid(), syscall.SIGUSR1); err != nil {
			return err
		}
	}
	select {
	case <-s.afterLast:
	case <-ctx.Done():
		return errors.New("no handler ran after the last signal")
	}
	echoed := <-echoes
	if err := <-posted; err != nil {
		return err
	}
	for done := false; !done; {
		if err := s.loop.Do(ctx, func() error { done = s.timers == stormTimers; return nil }); err != nil {
			return err
		}
	}
	return s.loop.Do(ctx, func() error {
		fmt.Printf("after the last, posts %d, timers %d, echoes %d\n", s.posts, s.timers, echoed)
		server.Close()
		return nil
	})
}

// begin is on the loop. The handler keeps the loop busy.
func (s *storm) begin() error {
	for i := range stormTimers {
		s.loop.CallLater(time.Duration(i)*time.Millisecond, func() { s.timers++ })
	}
	return s.loop.AddSignalHandler(syscall.SIGUSR1, func() {
		last := s.sent.Load() == stormSignals
		for began := time.Now(); time.Since(began) < 100*time.Microsecond; {
		}
		if last {
			select {
			case s.afterLast <- true:
			default:
			}
		}
	})
}

func (s *storm) postMany() error {
	for range stormPosts {
		if err := s.loop.Post(func() { s.posts++ }); err != nil {
			return err
		}
	}
	return nil
}

// echoMany counts the echoes that come back right.
func echoMany(addr net.Addr) (n int) {
	c, err := net.Dial(addr.Network(), addr.String())
	if err != nil {
		return 0
	}
	defer c.Close()
	for i := range stormEchoes {
		message := fmt.Sprintf("message %d", i)
		if back, err := echoed(c, message); err != nil || back != message {
			break
		}
		n++
	}
	return n
}
