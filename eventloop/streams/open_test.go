package streams_test

import (
	"context"
	"io"
	"net"
	"net/netip"
	"os"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/streams"
)

// pairOf is what OpenConnection returns.
type pairOf struct {
	r *streams.StreamReader
	w *streams.StreamWriter
}

// witness is a resolver that tells what it was asked, and fails.
type witness chan<- string

func (w witness) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	w <- host
	return nil, errOnPurpose
}

func (w witness) LookupPort(context.Context, string, string) (int, error) { return 1, nil }

func openSpecs(kind string) {
	Describe("OpenConnection", func() {
		var w *world
		BeforeEach(func() { w = newWorld(kind) })

		try := func(ctx context.Context, network, address string, cfg *streams.OpenConfig) error {
			_, err := in(ctx, w, func(ctx context.Context) (pairOf, error) {
				r, out, err := streams.OpenConnection(ctx, w.Loop, network, address, cfg)
				return pairOf{r, out}, err
			})
			return err
		}

		It("suspends a task until it is connected", func(ctx context.Context) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			Expect(err).NotTo(HaveOccurred())
			defer func() { _ = l.Close() }()
			got := make(chan string, 1)
			go func() {
				c, err := l.Accept()
				if err != nil {
					got <- err.Error()
					return
				}
				_, _ = c.Write([]byte("who is it?\n"))
				all, _ := io.ReadAll(c)
				_ = c.Close()
				got <- string(all)
			}()
			Expect(in(ctx, w, func(ctx context.Context) (string, error) {
				r, out, err := streams.OpenConnection(ctx, w.Loop, "tcp", l.Addr().String(), &streams.OpenConfig{Limit: 100})
				if err != nil {
					return "", err
				}
				question, err := r.ReadLine(ctx)
				answer := string(question)
				_, _ = out.Write([]byte("me"))
				_ = out.Close()
				if err == nil && r.Limit() == 100 {
					err = out.WaitClosed(ctx)
				}
				return answer, err
			})).To(Equal("who is it?\n"))
			Eventually(ctx, got).Should(Receive(Equal("me")))
		}, bounded)

		It("refuses a limit that is none before it connects", func(ctx context.Context) {
			asked := make(chan string, 1)
			cfg := &streams.OpenConfig{Limit: -1, Connection: eventloop.ConnectionConfig{Resolver: witness(asked)}}
			Expect(try(ctx, "tcp", "name:1", cfg)).To(opError("dial", os.ErrInvalid))
			w.on(ctx, func() {})
			Expect(asked).NotTo(Receive())
			cfg.Limit = 0
			Expect(try(ctx, "tcp", "name:1", cfg)).To(MatchError(errOnPurpose))
			Expect(asked).To(Receive(Equal("name")))
		}, bounded)

		It("returns the errors of CreateConnection", func(ctx context.Context) {
			Expect(try(ctx, "carrier pigeon", "127.0.0.1:1", nil)).To(MatchError(net.UnknownNetworkError("carrier pigeon")))
			Expect(try(ctx, "tcp", deafPort(), nil)).To(MatchError(errRefused))
		}, bounded)

		It("leaves nothing open when its context ends first", func(ctx context.Context) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			Expect(err).NotTo(HaveOccurred())
			defer func() { _ = l.Close() }()
			release := w.blocked(ctx)
			defer release()
			ended, cancel := context.WithCancel(ctx)
			cancel()
			_, _, err = streams.OpenConnection(ended, w.Loop, "tcp", l.Addr().String(), nil)
			Expect(err).To(MatchError(context.Canceled))
		}, bounded)

		It("refuses a loop that is closed", func(ctx context.Context) {
			w.close()
			for _, limit := range []int{0, -1} {
				_, _, err := streams.OpenConnection(ctx, w.Loop, "tcp", "127.0.0.1:1", &streams.OpenConfig{Limit: limit})
				Expect(err).To(Or(MatchError(eventloop.ErrLoopClosed), MatchError(os.ErrInvalid)))
			}
		}, bounded)
	})
}
