package eventloop_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

func serverSpecs(kind string) {
	Describe("CreateServer", func() {
		It("serves many clients on a port that the system chose", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			server := serving(ctx, w, newEcho)
			Expect(server.Loop()).To(BeIdenticalTo(w.Loop))
			Expect(server.Addrs()).To(HaveLen(1))
			Expect(server.Addrs()[0].(*net.TCPAddr).Port).NotTo(BeZero())
			var clients []net.Conn
			for range 30 {
				clients = append(clients, dial(server.Addrs()[0]))
			}
			for i, c := range clients {
				Expect(echoed(c, fmt.Sprint("client ", i))).To(Equal(fmt.Sprint("client ", i)))
			}
			w.on(ctx, server.Close)
		}, bounded)

		It("listens on every address that it was given, once on each", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			first := serving(ctx, w, newEcho)
			second, err := w.CreateServer(newEcho, "tcp4", ":0", &eventloop.ServerConfig{
				Addresses: []string{"127.0.0.1:0", ":0"},
			}).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(second.Addrs()).To(HaveLen(2))
			for _, at := range second.Addrs() {
				port := at.(*net.TCPAddr).Port
				c := dial(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
				Expect(echoed(c, "hello")).To(Equal("hello"))
			}
			w.on(ctx, func() { first.Close(); second.Close() })
		}, bounded)

		It("binds without listening when Paused, until StartServing", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			server, err := w.CreateServer(newEcho, "tcp", "127.0.0.1:0", &eventloop.ServerConfig{Paused: true}).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			_, err = net.Dial("tcp", server.Addrs()[0].String())
			Expect(err).To(MatchError(errRefused))
			var before, after bool
			var started, again error
			w.on(ctx, func() {
				before = server.IsServing()
				started, again = server.StartServing(), server.StartServing()
				after = server.IsServing()
			})
			Expect([]bool{before, after}).To(Equal([]bool{false, true}))
			Expect(errors.Join(started, again)).To(Succeed())
			Expect(echoed(dial(server.Addrs()[0]), "hello")).To(Equal("hello"))
			w.on(ctx, server.Close)
		}, bounded)

		It("gives up one connection, not the server, when its factory fails", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			made := 0
			server := serving(ctx, w, func() protocols.Protocol {
				switch made++; made {
				case 1:
					panic("factory")
				case 2:
					return nil
				}
				return newEcho()
			})
			for range 2 {
				_, err := echoed(dial(server.Addrs()[0]), "x")
				Expect(err).To(HaveOccurred())
			}
			Expect(echoed(dial(server.Addrs()[0]), "hello")).To(Equal("hello"))
			w.on(ctx, server.Close)
		}, bounded)

		It("has not begun when its caller gives up before its turn", func(ctx SpecContext) {
			w := newRealWorld(kind)
			before := descriptors()
			limited, cancel := context.WithTimeout(ctx, 5*time.Millisecond)
			defer cancel()
			_, err := w.CreateServer(newEcho, "tcp", "127.0.0.1:0", nil).Await(limited)
			Expect(err).To(MatchError(context.DeadlineExceeded))
			w.once()
			w.once()
			Expect(descriptors()).To(Equal(before))
		}, bounded)
	})
}

// fieldSpecs are the circumstances in which other libraries lose a server, a
// reply or the end of a file.
func fieldSpecs(kind string) {
	Describe("a server in the field", func() {
		It("still sends a reply to a client that has closed its half", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			server := serving(ctx, w, func() protocols.Protocol {
				p := &recorder.Stream{}
				p.OnEOF = func() (keepOpen bool) {
					w.CallLater(100*time.Millisecond, func() {
						_, _ = p.Transport().Write([]byte("late reply"))
						_ = p.Transport().Close()
					})
					return true
				}
				return p
			})
			client := dial(server.Addrs()[0])
			Expect(client.Write([]byte("question"))).To(Equal(8))
			Expect(client.CloseWrite()).To(Succeed())
			Expect(client.SetDeadline(time.Now().Add(patient))).To(Succeed())
			Expect(io.ReadAll(client)).To(BeEquivalentTo("late reply"))
			w.on(ctx, server.Close)
		}, bounded)

		It("delivers 32 MiB to a slow reader although it closes right after the write", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			sent := pattern(32 << 20)
			server := serving(ctx, w, func() protocols.Protocol {
				p := &recorder.Stream{}
				p.OnMade = func(t protocols.Transport) {
					_, _ = t.Write(sent)
					_ = t.Close()
				}
				return p
			})
			got := slowly(dial(server.Addrs()[0]))
			Expect(len(got)).To(Equal(len(sent)))
			Expect(bytes.Equal(got, sent)).To(BeTrue())
			w.on(ctx, server.Close)
		}, bounded)
	})
}

// pattern is n bytes of which no two long pieces are alike.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i ^ i>>8 ^ i>>16)
	}
	return b
}

// slowly reads everything that comes, with a small window and a rest after every
// MiB.
func slowly(c *net.TCPConn) (got []byte) {
	GinkgoHelper()
	Expect(c.SetReadBuffer(64 << 10)).To(Succeed())
	Expect(c.SetDeadline(time.Now().Add(15 * time.Second))).To(Succeed())
	rest := time.NewTicker(2 * time.Millisecond)
	defer rest.Stop()
	piece := make([]byte, 1<<20)
	for {
		n, err := io.ReadFull(c, piece)
		got = append(got, piece[:n]...)
		if err != nil {
			Expect(err).To(Or(MatchError(io.EOF), MatchError(io.ErrUnexpectedEOF)))
			return got
		}
		<-rest.C
	}
}
