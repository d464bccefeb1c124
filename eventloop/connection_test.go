package eventloop_test

import (
	"context"
	"errors"
	"net"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

func connectionSpecs(kind string) {
	Describe("CreateConnection", func() {
		It("is done when ConnectionMade has returned, and before data comes", func(ctx SpecContext) { // D4
			w := newRealWorld(kind)
			l := listen()
			p := &recorder.Stream{}
			var c eventloop.Connection
			var atDone string
			task := spawn(w, func(ctx context.Context) (err error) {
				c, err = w.CreateConnection(func() protocols.Protocol { return p }, "tcp", l.Addr().String(), nil).Await(ctx)
				atDone = p.String()
				return err
			})
			w.once()
			peer, err := l.Accept()
			Expect(err).NotTo(HaveOccurred())
			Expect(peer.Write([]byte("hello"))).To(Equal(5)) // it is there when the loop learns of the connection
			Expect(finish(w, task)).To(Succeed())
			Expect(atDone).To(Equal("made"))
			Expect(c.Protocol).To(BeIdenticalTo(p))
			Expect(c.Transport).To(BeIdenticalTo(p.Transport()))
			Expect(peer.Close()).To(Succeed())
			w.background()
			Eventually(ctx, p.Done()).Should(BeClosed())
			Expect(p.String()).To(Equal("made data(5) eof lost(nil)"))
			Expect(p.Violations()).To(BeEmpty())
		}, bounded)

		It("resolves names", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			server := serving(ctx, w, newEcho)
			_, port, err := net.SplitHostPort(server.Addrs()[0].String())
			Expect(err).NotTo(HaveOccurred())
			p, err := eventloop.Connect(w.Loop, func() *recorder.Stream { return &recorder.Stream{} }, "tcp4", "localhost:"+port, nil).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			w.on(ctx, func() { p.Transport().Abort(); server.Close() })
			Eventually(ctx, p.Done()).Should(BeClosed())
		}, bounded)

		It("fails with the system's error and the address, and makes no protocol", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			at, made := deafPort().String(), 0
			_, err := w.CreateConnection(func() protocols.Protocol { made++; return newEcho() }, "tcp", at, nil).Await(ctx)
			Expect(err).To(MatchError(errRefused))
			var e *net.OpError
			Expect(errors.As(err, &e)).To(BeTrue())
			Expect(e.Op).To(Equal("connect"))
			Expect(e.Addr.String()).To(Equal(at))
			Expect(made).To(BeZero())
		}, bounded)

		It("closes what it opened when the factory fails", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			for _, factory := range []func() protocols.Protocol{
				func() protocols.Protocol { panic("factory") },
				func() protocols.Protocol { return nil },
			} {
				l := listen()
				_, err := w.CreateConnection(factory, "tcp", l.Addr().String(), nil).Await(ctx)
				Expect(err).To(MatchError(ContainSubstring("factory")))
			}
		}, bounded)

		It("leaves nothing behind when cancelled, whenever that is", func(ctx SpecContext) { // H18
			w := newRealWorld(kind)
			w.background()
			l := listen()
			for turns := range 6 {
				task := spawn(w, func(ctx context.Context) error {
					f := w.CreateConnection(newEcho, "tcp", l.Addr().String(), nil)
					for range turns {
						if err := eventloop.Sleep(ctx, 0); err != nil {
							return err
						}
					}
					c, err := f.Result()
					if f.Cancel(); err == nil {
						c.Transport.Abort()
					}
					return nil
				})
				_, err := task.Await(ctx)
				Expect(err).NotTo(HaveOccurred())
			}
			w.on(ctx, func() {})
		}, bounded)

		It("gives up when its caller does", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			limited, cancel := context.WithTimeout(ctx, 5*time.Millisecond)
			defer cancel()
			// Nothing answers to a listener whose queue is full.
			_, err := w.CreateConnection(newEcho, "tcp", fullListener(), nil).Await(limited)
			Expect(err).To(MatchError(context.DeadlineExceeded))
			w.on(ctx, func() {})
		}, bounded)
	})

	Describe("Connect", func() {
		It("keeps the type of the protocol", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			server := serving(ctx, w, newEcho)
			newRecorder := func() *recorder.Stream { return &recorder.Stream{} }
			p, err := eventloop.Connect(w.Loop, newRecorder, "tcp", server.Addrs()[0].String(), nil).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			w.on(ctx, func() { _, _ = p.Transport().Write([]byte("there and back")) })
			Eventually(ctx, p.Data).Should(BeEquivalentTo("there and back"))
			w.on(ctx, func() { _ = p.Transport().Close(); server.Close() })
			Eventually(ctx, p.Done()).Should(BeClosed())
			Expect(p.Violations()).To(BeEmpty())
		}, bounded)

		It("refuses a nil constructor", func() {
			w := newWorld(kind)
			f := eventloop.Connect[*echo](w.Loop, nil, "tcp", "127.0.0.1:1", nil)
			Expect(failure(f)).To(MatchError(ContainSubstring("nil protocol factory")))
		})
	})
}
