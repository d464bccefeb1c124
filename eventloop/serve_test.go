package eventloop_test

import (
	"context"
	"errors"
	"net"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
)

// newServe is the server of the README, which tells its address to a spec
// instead of printing it.
func newServe() (serve func(ctx context.Context, loop *eventloop.Loop) error, listening chan net.Addr) {
	listening = make(chan net.Addr, 1)
	return func(ctx context.Context, loop *eventloop.Loop) error {
		newEcho := func() protocols.Protocol { return &echo{} }
		server, err := loop.CreateServer(newEcho, "tcp", "127.0.0.1:0", nil).Await(ctx)
		if err != nil {
			return err
		}
		listening <- server.Addrs()[0]
		return server.ServeForever(ctx)
	}, listening
}

func serveSpecs(kind string) {
	Describe("one function that serves", func() {
		It("is a task under Run", func(ctx SpecContext) {
			r := newRunWorld(eventloop.SelectorConfig{Selector: kind})
			serve, listening := newServe()
			limited, cancel := context.WithCancel(ctx)
			over := make(chan error, 1)
			go func() { over <- eventloop.Run(limited, serve) }()
			at := <-listening
			client := dial(at)
			Expect(echoed(client, "hello")).To(Equal("hello"))
			cancel()
			var err error
			Eventually(ctx, over).Should(Receive(&err))
			Expect(err).To(MatchError(context.Canceled))
			expectRefused(at)
			Expect(r.loop.IsClosed()).To(BeTrue())
		}, bounded)

		It("is an ordinary goroutine beside a loop", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			serve, listening := newServe()
			limited, cancel := context.WithCancel(ctx)
			over := make(chan error, 1)
			go func() { over <- serve(limited, w.Loop) }()
			at := <-listening
			Expect(echoed(dial(at), "hello")).To(Equal("hello"))
			cancel()
			Eventually(ctx, over).Should(Receive(MatchError(context.Canceled)))
			w.on(ctx, func() {})
			expectRefused(at)
		}, bounded)

		It("is a task on a loop that others use too", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			serve, listening := newServe()
			task := spawn(w, func(ctx context.Context) error { return serve(ctx, w.Loop) })
			at := <-listening
			Expect(echoed(dial(at), "hello")).To(Equal("hello"))
			w.on(ctx, func() { task.Cancel() })
			_, err := task.Await(ctx)
			Expect(errors.Is(err, eventloop.ErrCancelled)).To(BeTrue())
			expectRefused(at)
		}, bounded)
	})
}
