package eventloop_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

// ownSocket is a socket of the spec's own, closed with it.
func ownSocket(network string) *platform.Socket {
	GinkgoHelper()
	s, err := platform.CreateSocket(network)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { _ = s.Close() })
	return s
}

// rawSocketAt is one that is bound to the loopback address.
func rawSocketAt(network string, at net.Addr) *platform.Socket {
	GinkgoHelper()
	s := ownSocket(network)
	Expect(s.Bind(at)).To(Succeed())
	return s
}

var (
	anyTCP = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}
	anyUDP = &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}
)

// connectedSocket is a socket of the spec's own and its peer.
func connectedSocket() (*platform.Socket, *net.TCPConn) {
	GinkgoHelper()
	l := listen()
	peer := dial(l.Addr())
	c, err := l.Accept()
	Expect(err).NotTo(HaveOccurred())
	s, err := platform.AdoptSocket(c.(*net.TCPConn))
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { _ = s.Close() })
	return s, peer
}

func sockSpecs(kind string) {
	Describe("the raw socket call", func() {
		var w *world
		BeforeEach(func() {
			w = newRealWorld(kind)
			w.background()
		})

		Describe("SockRecv", func() {
			It("returns what there is, waits for what is not, and is empty at the end", func(ctx SpecContext) { // C13
				s, peer := connectedSocket()
				Expect(peer.Write([]byte("hello"))).To(Equal(5))
				Expect(w.SockRecv(s, 3).Await(ctx)).To(Equal([]byte("hel")))
				Expect(w.SockRecv(s, 3).Await(ctx)).To(Equal([]byte("lo")))
				f := w.SockRecv(s, 3)
				Consistently(f.Done, tick).Should(BeFalse())
				Expect(peer.Write([]byte("more"))).To(Equal(4))
				Expect(f.Await(ctx)).To(Equal([]byte("mor")))
				Expect(w.SockRecv(s, 3).Await(ctx)).To(Equal([]byte("e")))
				Expect(peer.Close()).To(Succeed())
				Expect(w.SockRecv(s, 3).Await(ctx)).To(BeEmpty())
			}, bounded)

			It("receives into memory of the program's", func(ctx SpecContext) { // C14
				s, peer := connectedSocket()
				b := make([]byte, 4)
				f := w.SockRecvInto(s, b)
				Expect(peer.Write([]byte("hello"))).To(Equal(5))
				Expect(f.Await(ctx)).To(BeNumerically(">", 0))
				Expect(string(b)).To(HavePrefix("h"))
			}, bounded)

			It("leaves the data and no registration when it is cancelled", func(ctx SpecContext) { // C19
				s, peer := connectedSocket()
				f := w.SockRecv(s, 8)
				watched := true
				w.on(ctx, func() {
					f.Cancel()
					watched, _ = w.RemoveReader(s.FD())
				})
				Expect(watched).To(BeFalse())
				_, err := f.Await(ctx)
				Expect(err).To(MatchError(eventloop.ErrCancelled))
				Expect(peer.Write([]byte("kept"))).To(Equal(4))
				Expect(w.SockRecv(s, 8).Await(ctx)).To(Equal([]byte("kept")))
			}, bounded)

			It("is refused while another one waits, which goes on", func(ctx SpecContext) { // C20
				s, peer := connectedSocket()
				first := w.SockRecv(s, 8)
				_, err := w.SockRecv(s, 8).Await(ctx)
				Expect(err).To(MatchError(eventloop.ErrInvalidState))
				var adding, removing error
				w.on(ctx, func() {
					adding = w.AddReader(s.FD(), func() {})
					_, removing = w.RemoveReader(s.FD())
				})
				refused := MatchError(eventloop.ErrInvalidState)
				if !offers(kind, platform.AddReader) {
					refused = MatchError(errors.ErrUnsupported)
				}
				Expect(adding).To(refused)
				Expect(removing).To(refused)
				Expect(peer.Write([]byte("hello"))).To(Equal(5))
				Expect(first.Await(ctx)).To(Equal([]byte("hello")))
			}, bounded)

			It("does not take the place of a reader that it would have to wait beside", func(ctx SpecContext) {
				if !offers(kind, platform.AddReader) {
					_, err := w.RemoveReader(0)
					Expect(err).To(MatchError(errors.ErrUnsupported), "there are no readers")
					return
				}
				s, peer := connectedSocket()
				Expect(w.Do(ctx, func() error { return w.AddReader(s.FD(), func() {}) })).To(Succeed())
				_, err := w.SockRecv(s, 8).Await(ctx)
				Expect(err).To(MatchError(eventloop.ErrInvalidState))
				was := false
				w.on(ctx, func() { was, _ = w.RemoveReader(s.FD()) })
				Expect(was).To(BeTrue())
				Expect(peer.Write([]byte("x"))).To(Equal(1))
				Expect(w.SockRecv(s, 8).Await(ctx)).To(Equal([]byte("x")))
			}, bounded)

			It("fails with net.ErrClosed when the socket is closed meanwhile, from anywhere", func(ctx SpecContext) {
				s, peer := connectedSocket()
				f := w.SockRecv(s, 8)
				Consistently(f.Done, tick).Should(BeFalse())
				Expect(s.Close()).To(Succeed())
				_, err := f.Await(ctx)
				Expect(err).To(MatchError(net.ErrClosed))
				Expect(io.ReadAll(peer)).To(BeEmpty()) // the descriptor is closed
				_, err = w.SockRecv(s, 8).Await(ctx)
				Expect(err).To(MatchError(net.ErrClosed))
			}, bounded)

			It("fails with the system's error in the usual shape", func(ctx SpecContext) {
				if onWine() {
					Skip("Wine: a reset is sometimes received as the end")
				}
				s, peer := connectedSocket()
				f := w.SockRecv(s, 8)
				Consistently(f.Done, tick).Should(BeFalse())
				Expect(peer.SetLinger(0)).To(Succeed())
				Expect(peer.Close()).To(Succeed())
				_, err := f.Await(ctx)
				Expect(err).To(MatchError(errReset))
				Expect(err.(*net.OpError).Op).To(Equal("recv"))
				Expect(err.(*net.OpError).Net).To(Equal("tcp"))
			}, bounded)

			It("lets go of the socket when the loop closes", func(ctx SpecContext) {
				other := newRealWorld(kind)
				halt := other.background()
				s, peer := connectedSocket()
				f := other.SockRecv(s, 8)
				other.on(ctx, func() {})
				halt()
				Expect(other.Close()).To(Succeed())
				Expect(f.Done()).To(BeFalse())
				Expect(s.Close()).To(Succeed())
				Expect(io.ReadAll(peer)).To(BeEmpty())
			}, bounded)

			It("refuses sizes that are none, and no socket", func() { // before the loop is asked
				s, _ := connectedSocket()
				for _, n := range []int{0, -1} {
					Expect(failure(w.SockRecv(s, n))).To(MatchError(os.ErrInvalid))
					if offers(kind, platform.SockRecvfrom) {
						Expect(failure(w.SockRecvfrom(s, n))).To(MatchError(os.ErrInvalid))
					}
				}
				Expect(failure(w.SockRecvInto(s, nil))).To(MatchError(os.ErrInvalid))
				Expect(failure(w.SockRecv(nil, 1))).To(MatchError(os.ErrInvalid))
				Expect(failure(w.SockAccept(nil))).To(MatchError(os.ErrInvalid))
				Expect(failure(w.SockConnect(nil, "127.0.0.1:1"))).To(MatchError(os.ErrInvalid))
			})
		})

		Describe("SockSendall", func() {
			It("sends everything, however long that takes", func(ctx SpecContext) { // C15
				s, peer := connectedSocket()
				f := w.SockSendall(s, much)
				Consistently(f.Done, tick).Should(BeFalse())
				_, err := w.SockSendall(s, []byte("x")).Await(ctx)
				Expect(err).To(MatchError(eventloop.ErrInvalidState)) // C20
				n, err := io.CopyN(io.Discard, peer, int64(len(much)))
				Expect(n, err).To(BeEquivalentTo(len(much)))
				_, err = f.Await(ctx)
				Expect(err).NotTo(HaveOccurred())
				_, err = w.SockSendall(s, nil).Await(ctx)
				Expect(err).NotTo(HaveOccurred())
			}, bounded)

			It("fails when the peer is gone", func(ctx SpecContext) {
				s, peer := connectedSocket()
				f := w.SockSendall(s, much)
				Expect(peer.SetLinger(0)).To(Succeed())
				Expect(peer.Close()).To(Succeed())
				_, err := f.Await(ctx)
				Expect(err).To(Or(MatchError(errReset), MatchError(syscall.EPIPE)))
			}, bounded)
		})

		Describe("SockRecvfrom and SockSendto", func() {
			It("move datagrams with their addresses", func(ctx SpecContext) { // C14, C16
				if !offers(kind, platform.SockSendto) {
					Expect(failure(w.SockSendto(ownSocket("udp4"), []byte("hello"), anyUDP))).To(MatchError(errors.ErrUnsupported))
					return
				}
				a, b := rawSocketAt("udp4", anyUDP), rawSocketAt("udp4", anyUDP)
				f := w.SockRecvfrom(b, 100)
				Expect(w.SockSendto(a, []byte("hello"), b.LocalAddr()).Await(ctx)).To(Equal(5))
				got, err := f.Await(ctx)
				Expect(err).NotTo(HaveOccurred())
				Expect(string(got.Data)).To(Equal("hello"))
				Expect(got.Addr.String()).To(Equal(a.LocalAddr().String()))
				_, err = w.SockSendto(a, nil, nil).Await(ctx)
				Expect(err).To(BeAssignableToTypeOf(&net.OpError{}))
				_, err = w.SockSendto(a, make([]byte, 70000), b.LocalAddr()).Await(ctx)
				Expect(err).To(MatchError(errTooLong))
			}, bounded)
		})

		Describe("SockAccept and SockConnect", func() {
			It("make a connection", func(ctx SpecContext) { // C17, C18
				server := rawSocketAt("tcp4", anyTCP)
				Expect(server.Listen(1)).To(Succeed())
				f := w.SockAccept(server)
				client := ownSocket("tcp4")
				_, err := w.SockConnect(client, server.LocalAddr().String()).Await(ctx)
				Expect(err).NotTo(HaveOccurred())
				got, err := f.Await(ctx)
				Expect(err).NotTo(HaveOccurred())
				DeferCleanup(got.Socket.Close)
				Expect(got.Addr.String()).To(Equal(client.LocalAddr().String()))
				_, err = w.SockSendall(client, []byte("hello")).Await(ctx)
				Expect(err).NotTo(HaveOccurred())
				Expect(w.SockRecv(got.Socket, 8).Await(ctx)).To(Equal([]byte("hello")))
			}, bounded)

			It("make one over a Unix socket", func(ctx SpecContext) {
				if !offers(kind, platform.CreateServerUnix) {
					_, err := platform.CreateSocket("unix")
					Expect(err).To(MatchError(errors.ErrUnsupported))
					return
				}
				path := filepath.Join(GinkgoT().TempDir(), "s")
				server := rawSocketAt("unix", &net.UnixAddr{Name: path})
				Expect(server.Listen(1)).To(Succeed())
				client := ownSocket("unix")
				_, err := w.SockConnect(client, path).Await(ctx)
				Expect(err).NotTo(HaveOccurred())
				got, err := w.SockAccept(server).Await(ctx)
				Expect(err).NotTo(HaveOccurred())
				Expect(got.Socket.Close()).To(Succeed())
			}, bounded)

			It("look names up", func(ctx SpecContext) { // C17
				l := listen()
				_, port, err := net.SplitHostPort(l.Addr().String())
				Expect(err).NotTo(HaveOccurred())
				_, err = w.SockConnect(ownSocket("tcp4"), "localhost:"+port).Await(ctx)
				Expect(err).NotTo(HaveOccurred())
			}, bounded)

			It("say where nobody is", func(ctx SpecContext) {
				at := deafPort().String()
				_, err := w.SockConnect(ownSocket("tcp4"), at).Await(ctx)
				Expect(err).To(MatchError(errRefused))
				Expect(err).To(MatchError(ContainSubstring(at)))
			}, bounded)

			It("leave no registration when they are cancelled", func(ctx SpecContext) { // C17, C19
				client := ownSocket("tcp4")
				f := w.SockConnect(client, fullListener())
				server := rawSocketAt("tcp4", anyTCP)
				Expect(server.Listen(1)).To(Succeed())
				g := w.SockAccept(server)
				var watched []bool
				w.on(ctx, func() {
					f.Cancel()
					g.Cancel()
					writer, _ := w.RemoveWriter(client.FD())
					reader, _ := w.RemoveReader(server.FD())
					watched = []bool{writer, reader}
				})
				Expect(watched).To(HaveEach(BeFalse()))
				Expect(client.Close()).To(Succeed())
				Expect(server.Close()).To(Succeed())
			}, bounded)

			It("refuse an address that is none of the socket's family", func() {
				Expect(failure(w.SockConnect(ownSocket("tcp4"), "[::1]:80"))).To(BeAssignableToTypeOf(&net.OpError{}))
				Expect(failure(w.SockConnect(ownSocket("tcp4"), "nonsense"))).To(BeAssignableToTypeOf(&net.OpError{}))
				if offers(kind, platform.CreateConnectionUnix) {
					Expect(failure(w.SockConnect(ownSocket("unix"), ""))).To(BeAssignableToTypeOf(&net.OpError{}))
				}
			})
		})

		Describe("the socket of a transport", func() {
			It("is refused by every raw call", func(ctx SpecContext) { // C21
				p := &recorder.Stream{}
				connectToPeer(ctx, w, p)
				s := extra(ctx, w, p.Transport(), "socket").(*platform.Socket)
				refused := MatchError(eventloop.ErrInvalidState)
				if !offers(kind, platform.SockRecvfrom) {
					refused = Or(refused, MatchError(errors.ErrUnsupported))
				}
				Expect(rawCalls(ctx, w.Loop, s)).To(HaveEach(refused))
				Expect(p.String()).To(Equal("made"))
				w.on(ctx, p.Transport().Abort)
				Eventually(ctx, p.Done()).Should(BeClosed())
			}, bounded)
		})
	})
}

// rawCalls are the errors of all raw calls on a socket.
func rawCalls(ctx context.Context, l *eventloop.Loop, s *platform.Socket) []error {
	GinkgoHelper()
	file, err := os.Open(os.DevNull)
	Expect(err).NotTo(HaveOccurred())
	defer file.Close()
	return []error{
		outcome(ctx, l.SockRecv(s, 1)), outcome(ctx, l.SockRecvInto(s, make([]byte, 1))),
		outcome(ctx, l.SockRecvfrom(s, 1)), outcome(ctx, l.SockSendall(s, []byte("x"))),
		outcome(ctx, l.SockSendto(s, []byte("x"), anyUDP)), outcome(ctx, l.SockAccept(s)),
		outcome(ctx, l.SockConnect(s, "127.0.0.1:1")), outcome(ctx, l.SockSendfile(s, file, 0, 0)),
	}
}

func outcome[T any](ctx context.Context, f *eventloop.Future[T]) error {
	_, err := f.Await(ctx)
	return err
}
