package eventloop_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

// serveGiven makes a server of a listener of the spec's own.
func serveGiven(ctx context.Context, w *world, l io.Closer) (*eventloop.Server, error) {
	return w.CreateServer(newEcho, "tcp", "", &eventloop.ServerConfig{Listener: l}).Await(ctx)
}

// asFile is the socket of c in a file; c is closed.
func asFile(c interface {
	io.Closer
	File() (*os.File, error)
}) *os.File {
	GinkgoHelper()
	if onWine() {
		Skip("Wine: package net can not make a file of a socket")
	}
	f, err := c.File()
	Expect(err).NotTo(HaveOccurred())
	Expect(c.Close()).To(Succeed())
	DeferCleanup(func() { _ = f.Close() })
	return f
}

// connected is two ends of a connection of package net.
func connected() (own, peer *net.TCPConn) {
	GinkgoHelper()
	l := listen()
	peer = dial(l.Addr())
	c, err := l.Accept()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { _ = c.Close() })
	return c.(*net.TCPConn), peer
}

// plainFile is a regular file, closed by the spec.
func plainFile() io.Closer {
	GinkgoHelper()
	f, err := os.Open(regularFile().Name())
	Expect(err).NotTo(HaveOccurred())
	return f
}

// unboundSocket is a stream socket that nothing was done with.
func unboundSocket() *platform.Socket {
	GinkgoHelper()
	s, err := platform.CreateSocket("tcp4")
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { _ = s.Close() })
	return s
}

// keepsPort reports whether a socket of package net can not leave the completion
// port of Go's runtime, which it needs for another one: Windows can do that since
// 8.1, Wine can not.
func keepsPort(kind string) bool { return onWine() && !offers(kind, platform.AddReader) }

// expectAnotherPort expects what can not be taken over to be refused, and closed.
func expectAnotherPort(err error, given io.Closer) {
	GinkgoHelper()
	Expect(err).To(MatchError(errors.ErrUnsupported))
	Expect(err).To(MatchError(ContainSubstring("another completion port")))
	Expect(given.Close()).NotTo(Succeed(), "it is closed already")
}

// isOwn reports whether package net has never seen a socket.
func isOwn(given io.Closer) bool {
	s, ok := given.(*platform.Socket)
	return ok && s.Network() == "tcp4"
}

// ownListener is a listening socket that package net has never seen.
func ownListener() *platform.Socket {
	GinkgoHelper()
	s := unboundSocket()
	Expect(s.Bind(anyTCP)).To(Succeed())
	Expect(s.Listen(5)).To(Succeed())
	return s
}

// acceptOwn accepts without package net; the connection is closed with the spec.
func acceptOwn(l *platform.Socket) *platform.Socket {
	GinkgoHelper()
	var fd int
	Eventually(func() (err error) {
		fd, _, err = platform.Accept(int(l.FD()))
		return err
	}).WithTimeout(patient).Should(Succeed())
	s := platform.Owning(fd, "tcp4")
	DeferCleanup(func() { _ = s.Close() })
	return s
}

// ownConnection is a connection whose one end package net has never seen.
func ownConnection() (own *platform.Socket, peer *net.TCPConn) {
	GinkgoHelper()
	l := ownListener()
	peer = dial(l.LocalAddr())
	return acceptOwn(l), peer
}

func handoverSpecs(kind string) {
	Describe("a server on a given listener", func() {
		DescribeTable("takes over", func(ctx SpecContext, give func() (io.Closer, net.Addr)) {
			w := newRealWorld(kind)
			w.background()
			given, at := give()
			server, err := serveGiven(ctx, w, given)
			if keepsPort(kind) && !isOwn(given) {
				expectAnotherPort(err, given)
				return
			}
			Expect(err).NotTo(HaveOccurred())
			Expect(server.Addrs()[0].String()).To(Equal(at.String()))
			Expect(echoed(dial(at), "hello")).To(Equal("hello"))
			w.on(ctx, server.Close)
			expectRefused(at)
			Expect(given.Close()).NotTo(Succeed(), "it is closed already")
		},
			Entry("a net.Listener", func() (io.Closer, net.Addr) { l := listen(); return l, l.Addr() }, bounded),
			Entry("an *os.File", func() (io.Closer, net.Addr) {
				l := listen().(*net.TCPListener)
				return asFile(l), l.Addr()
			}, bounded),
			Entry("a *platform.Socket that the program has made", func() (io.Closer, net.Addr) {
				s := ownListener()
				return s, s.LocalAddr()
			}, bounded),
			Entry("a *platform.Socket that the program has adopted", func() (io.Closer, net.Addr) {
				l := listen().(*net.TCPListener)
				s, err := platform.AdoptSocket(l)
				Expect(err).NotTo(HaveOccurred())
				return s, l.Addr()
			}, bounded),
		)

		DescribeTable("refuses with os.ErrInvalid, and leaves it with the caller,", func(cfg eventloop.ServerConfig, address string, give func() io.Closer) {
			w := newWorld(kind)
			cfg.Listener = give()
			f := w.CreateServer(newEcho, "tcp", address, &cfg)
			Expect(f.Done()).To(BeTrue())
			Expect(f.Err()).To(MatchError(os.ErrInvalid))
			Expect(cfg.Listener.Close()).To(Succeed())
		},
			Entry("one beside an address", eventloop.ServerConfig{}, "127.0.0.1:0", func() io.Closer { return listen() }),
			Entry("one beside further addresses", eventloop.ServerConfig{Addresses: []string{"127.0.0.1:0"}}, "", func() io.Closer { return listen() }),
			Entry("a datagram socket", eventloop.ServerConfig{}, "", func() io.Closer {
				c, err := net.ListenPacket("udp", "127.0.0.1:0")
				Expect(err).NotTo(HaveOccurred())
				return c
			}),
			Entry("a connection", eventloop.ServerConfig{}, "", func() io.Closer { own, _ := connected(); return own }),
			Entry("a socket that does not listen", eventloop.ServerConfig{}, "", func() io.Closer { return unboundSocket() }),
			Entry("a regular file", eventloop.ServerConfig{}, "", plainFile),
			Entry("a socket of another network", eventloop.ServerConfig{}, "", func() io.Closer {
				if !offers(kind, platform.CreateServerUnix) {
					s, err := platform.CreateSocket("udp4")
					Expect(err).NotTo(HaveOccurred())
					return s
				}
				l, err := net.Listen("unix", socketPath())
				Expect(err).NotTo(HaveOccurred())
				return l
			}),
			Entry("what has no descriptor", eventloop.ServerConfig{}, "", func() io.Closer { return io.NopCloser(nil) }),
		)

		It("refuses the view of somebody else's socket", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			server := serving(ctx, w, newEcho)
			var view *platform.Socket
			w.on(ctx, func() { view = server.Sockets()[0] })
			_, err := serveGiven(ctx, w, view)
			Expect(err).To(MatchError(platform.ErrNotOwner))
			w.on(ctx, server.Close)
		}, bounded)

		It("closes it when its caller gives up before its turn", func(ctx SpecContext) {
			w := newRealWorld(kind)
			l := listen()
			gone, cancel := context.WithCancelCause(ctx)
			cancel(errSpec)
			over := make(chan error, 1)
			go func() {
				_, err := serveGiven(gone, w, l)
				over <- err
			}()
			Eventually(ctx, over).Should(Receive(MatchError(errSpec)))
			w.once()
			w.once()
			w.once()
			Expect(l.Close()).NotTo(Succeed())
		}, bounded)
	})

	Describe("ConnectAcceptedSocket", func() {
		DescribeTable("makes a transport of", func(ctx SpecContext, give func() (io.Closer, *net.TCPConn)) {
			w := newRealWorld(kind)
			w.background()
			given, peer := give()
			p := &recorder.Stream{}
			c, err := w.ConnectAcceptedSocket(func() protocols.Protocol { return p }, given, nil).Await(ctx)
			if keepsPort(kind) && !isOwn(given) {
				expectAnotherPort(err, given)
				return
			}
			Expect(err).NotTo(HaveOccurred())
			Expect(c.Protocol).To(BeIdenticalTo(p))
			Expect(c.Transport.RemoteAddr().String()).To(Equal(peer.LocalAddr().String()))
			Expect(c.Transport.LocalAddr().String()).To(Equal(peer.RemoteAddr().String()))
			Expect(given.Close()).NotTo(Succeed(), "it is closed already")
			Expect(peer.Write([]byte("hello"))).To(Equal(5))
			Expect(peer.CloseWrite()).To(Succeed())
			Eventually(ctx, p.Done()).Should(BeClosed())
			Expect(p.String()).To(Equal("made data(5) eof lost(nil)"))
			Expect(p.Violations()).To(BeEmpty())
		},
			Entry("a net.Conn", func() (io.Closer, *net.TCPConn) { return connected() }, bounded),
			Entry("an *os.File", func() (io.Closer, *net.TCPConn) {
				own, peer := connected()
				return asFile(own), peer
			}, bounded),
			Entry("a *platform.Socket that the program has made", func() (io.Closer, *net.TCPConn) { return ownConnection() }, bounded),
			Entry("a *platform.Socket that the program has adopted", func() (io.Closer, *net.TCPConn) {
				own, peer := connected()
				s, err := platform.AdoptSocket(own)
				Expect(err).NotTo(HaveOccurred())
				return s, peer
			}, bounded),
		)

		It("returns before the bytes that wait are delivered", func(ctx SpecContext) { // D4
			w := newRealWorld(kind)
			own, peer := ownConnection()
			Expect(peer.Write([]byte("hello"))).To(Equal(5))
			p := &recorder.Stream{}
			var atDone string
			task := spawn(w, func(ctx context.Context) error {
				_, err := w.ConnectAcceptedSocket(func() protocols.Protocol { return p }, own, nil).Await(ctx)
				atDone = p.String()
				p.Transport().Abort()
				return err
			})
			Expect(finish(w, task)).To(Succeed())
			Expect(atDone).To(Equal("made"))
			w.once()
			w.once()
			Expect(p.String()).To(Equal("made lost(nil)"))
		}, bounded)

		DescribeTable("refuses with os.ErrInvalid, and leaves it with the caller,", func(give func() io.Closer) {
			w := newWorld(kind)
			given := give()
			f := w.ConnectAcceptedSocket(newEcho, given, nil)
			Expect(f.Done()).To(BeTrue())
			Expect(f.Err()).To(And(MatchError(os.ErrInvalid), is[*net.OpError]()))
			Expect(given.Close()).To(Succeed())
		},
			Entry("a listener", func() io.Closer { return listen() }),
			Entry("a datagram socket", func() io.Closer {
				c, err := net.ListenPacket("udp", "127.0.0.1:0")
				Expect(err).NotTo(HaveOccurred())
				return c
			}),
			Entry("a regular file", plainFile),
			Entry("what has no descriptor", func() io.Closer { return io.NopCloser(nil) }),
		)

		It("refuses nothing at all, a nil factory, and marks that are none", func() {
			w := newWorld(kind)
			own, _ := connected()
			Expect(failure(w.ConnectAcceptedSocket(newEcho, nil, nil))).To(MatchError(os.ErrInvalid))
			Expect(failure(w.ConnectAcceptedSocket(nil, own, nil))).To(MatchError(ContainSubstring("nil protocol factory")))
			bad := &eventloop.ConnectionConfig{WriteBufferLimits: protocols.Watermarks{Low: 2, High: 1}}
			Expect(failure(w.ConnectAcceptedSocket(newEcho, own, bad))).To(MatchError(protocols.ErrInvalidWatermarks))
			Expect(own.Close()).To(Succeed())
		})

		It("closes the connection when its factory fails", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			own, peer := connected()
			_, err := w.ConnectAcceptedSocket(func() protocols.Protocol { panic("factory") }, own, nil).Await(ctx)
			Expect(err).To(is[*eventloop.PanicError]())
			Expect(io.ReadAll(peer)).To(BeEmpty())
		}, bounded)
	})

	Describe("CreateConnection with a given socket", func() {
		It("takes it over", func(ctx SpecContext) { // H3
			w := newRealWorld(kind)
			w.background()
			own, peer := ownConnection()
			c, err := w.CreateConnection(newEcho, "tcp", "", &eventloop.ConnectionConfig{Socket: own}).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(echoed(peer, "hello")).To(Equal("hello"))
			w.on(ctx, c.Transport.Abort)
		}, bounded)

		DescribeTable("refuses with os.ErrInvalid, and leaves it with the caller,", func(network, address string, cfg eventloop.ConnectionConfig) {
			w := newWorld(kind)
			own, _ := connected()
			cfg.Socket = own
			f := w.CreateConnection(newEcho, network, address, &cfg)
			refused := os.ErrInvalid
			if network == "unix" && !offers(kind, platform.CreateConnectionUnix) {
				refused = errors.ErrUnsupported
			}
			Expect(failure(f)).To(MatchError(refused))
			Expect(own.Close()).To(Succeed())
		},
			Entry("one beside an address", "tcp", "127.0.0.1:1", eventloop.ConnectionConfig{}),
			Entry("one beside a local address", "tcp", "", eventloop.ConnectionConfig{LocalAddr: "127.0.0.1:0"}),
			Entry("one of another network", "unix", "", eventloop.ConnectionConfig{}),
			Entry("one of another family", "tcp6", "", eventloop.ConnectionConfig{}),
		)
	})
}
