package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

// book is a resolver that knows some names and remembers what it was asked.
type book struct {
	names map[string][]netip.Addr
	err   error

	mu    sync.Mutex
	asked []string
}

func (b *book) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked = append(b.asked, host)
	return b.names[host], b.err
}

func (b *book) LookupPort(context.Context, string, string) (int, error) {
	return 0, errors.New("no such service")
}

func ips(texts ...string) (addrs []netip.Addr) {
	for _, t := range texts {
		addrs = append(addrs, netip.MustParseAddr(t))
	}
	return addrs
}

// hasIPv6 says whether this machine has a loopback of that family.
func hasIPv6() bool {
	l, err := net.Listen("tcp6", "[::1]:0")
	return err == nil && l.Close() == nil
}

// option asks for an option of a server's first socket.
func option(ctx context.Context, w *world, s *eventloop.Server, level, name int) (value int) {
	GinkgoHelper()
	var err error
	w.on(ctx, func() { value, err = s.Sockets()[0].GetsockoptInt(level, name) })
	Expect(err).NotTo(HaveOccurred())
	return value
}

func serverConfigSpecs(kind string) {
	Describe("ServerConfig", func() {
		create := func(ctx context.Context, w *world, address string, cfg eventloop.ServerConfig) *eventloop.Server {
			GinkgoHelper()
			if !w.IsRunning() {
				w.background()
			}
			s, err := w.CreateServer(newEcho, "tcp", address, &cfg).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			return s
		}

		It("Addresses may name several hosts, each address of which is bound once", func(ctx SpecContext) { // G5
			w := newRealWorld(kind)
			names := &book{names: map[string][]netip.Addr{
				"one": ips("127.0.0.1", "127.0.0.2"), "two": ips("127.0.0.2", "127.0.0.3"),
			}}
			server := create(ctx, w, "one:0", eventloop.ServerConfig{Addresses: []string{"two:0"}, Resolver: names})
			var hosts []string
			for _, a := range server.Addrs() {
				hosts = append(hosts, a.(*net.TCPAddr).IP.String())
				Expect(echoed(dial(a), "hello")).To(Equal("hello"))
			}
			Expect(hosts).To(Equal([]string{"127.0.0.1", "127.0.0.2", "127.0.0.3"}))
			Expect(names.asked).To(Equal([]string{"one", "two"}))
			w.on(ctx, server.Close)
		}, bounded)

		It("port 0 on both families is a port of its own on each", func(ctx SpecContext) { // G6, G7
			if !hasIPv6() {
				Skip("this machine has no IPv6")
			}
			w := newRealWorld(kind)
			server := create(ctx, w, "127.0.0.1:0", eventloop.ServerConfig{Addresses: []string{"[::1]:0"}})
			Expect(server.Addrs()).To(HaveLen(2))
			Expect(server.Addrs()[0].(*net.TCPAddr).Port).NotTo(Equal(server.Addrs()[1].(*net.TCPAddr).Port))
			for _, a := range server.Addrs() {
				Expect(echoed(dial(a), "hello")).To(Equal("hello"))
			}
			w.on(ctx, server.Close)
		}, bounded)

		It("an empty host is every interface of every family, on one port if it is given", func(ctx SpecContext) { // G4, G7
			if !hasIPv6() {
				Skip("this machine has no IPv6")
			}
			w := newRealWorld(kind)
			first := create(ctx, w, ":0", eventloop.ServerConfig{})
			Expect(first.Addrs()).To(HaveLen(2))
			port := first.Addrs()[0].(*net.TCPAddr).Port
			w.on(ctx, first.Close)
			second := create(ctx, w, fmt.Sprint(":", port), eventloop.ServerConfig{})
			for _, host := range []string{"127.0.0.1", "::1"} {
				Expect(echoed(dial(&net.TCPAddr{IP: net.ParseIP(host), Port: port}), "hello")).To(Equal("hello"))
			}
			w.on(ctx, second.Close)
		}, bounded)

		DescribeTable("ReuseAddr", func(ctx SpecContext, choice eventloop.Switch, set bool) { // G11
			w := newRealWorld(kind)
			server := create(ctx, w, "127.0.0.1:0", eventloop.ServerConfig{ReuseAddr: choice})
			Expect(option(ctx, w, server, syscall.SOL_SOCKET, syscall.SO_REUSEADDR) != 0).To(Equal(set))
			w.on(ctx, server.Close)
		},
			Entry("is the system's by default: on, and off on Windows", eventloop.SystemDefault, platform.ReuseAddrByDefault, bounded),
			Entry("can be asked for", eventloop.On, true, bounded),
			Entry("can be switched off", eventloop.Off, false, bounded),
		)

		It("ReusePort lets a second server have the address", func(ctx SpecContext) { // G12
			w := newRealWorld(kind)
			shared := eventloop.ServerConfig{ReusePort: true}
			if !offers(kind, platform.ReusePort) {
				_, err := w.CreateServer(newEcho, "tcp", "127.0.0.1:0", &shared).Await(ctx)
				Expect(err).To(MatchError(errors.ErrUnsupported))
				return
			}
			first := create(ctx, w, "127.0.0.1:0", shared)
			second := create(ctx, w, first.Addrs()[0].String(), shared)
			w.on(ctx, first.Close)
			Expect(echoed(dial(second.Addrs()[0]), "hello")).To(Equal("hello"))
			w.on(ctx, second.Close)
		}, bounded)

		It("ReusePort is refused where there is none, before anything is looked at", func() {
			w := newRealWorld(kind)
			eventloop.Pretend(w.Loop, platform.Target{OS: "linux", Version: "3.8", Loop: "epoll"})
			f := w.CreateServer(nil, "tcp", "nonsense", &eventloop.ServerConfig{ReusePort: true})
			Expect(failure(f)).To(is[*platform.UnsupportedError]())
		})

		It("KeepAlive is passed on to the connections", func(ctx SpecContext) { // G13
			w := newRealWorld(kind)
			w.background()
			for _, on := range []bool{false, true} {
				p := &recorder.Stream{}
				server, err := w.CreateServer(func() protocols.Protocol { return p }, "tcp", "127.0.0.1:0",
					&eventloop.ServerConfig{KeepAlive: on}).Await(ctx)
				Expect(err).NotTo(HaveOccurred())
				dial(server.Addrs()[0])
				Eventually(ctx, p.Transport).ShouldNot(BeNil())
				var value int
				w.on(ctx, func() {
					value, err = p.Transport().ExtraInfo("socket").(*platform.Socket).GetsockoptInt(syscall.SOL_SOCKET, syscall.SO_KEEPALIVE)
					p.Transport().Abort()
					server.Close()
				})
				Expect(err).NotTo(HaveOccurred())
				Expect(value != 0).To(Equal(on))
				Eventually(ctx, p.Done()).Should(BeClosed())
			}
		}, bounded)

		It("Resolver that fails, or knows nothing, is the future's error, and no socket is opened", func(ctx SpecContext) { // G8
			w := newRealWorld(kind)
			before := descriptors()
			for _, names := range []*book{{err: &net.DNSError{Err: "broken", Name: "x"}}, {}} {
				_, err := eventloop.RunUntilComplete(w.Loop, w.CreateServer(newEcho, "tcp", "x:0", &eventloop.ServerConfig{Resolver: names}))
				Expect(err).To(is[*net.OpError]())
				Expect(errors.Is(err, os.ErrInvalid)).To(BeFalse())
			}
			Expect(opened(before)).To(BeEmpty())
		}, bounded)
	})

	Describe("a server's sockets", func() {
		It("are visible while it is paused, and the same ones later", func(ctx SpecContext) { // G15
			w := newRealWorld(kind)
			w.background()
			server, err := w.CreateServer(newEcho, "tcp", "127.0.0.1:0", &eventloop.ServerConfig{Paused: true}).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			var paused, serving *platform.Socket
			w.on(ctx, func() {
				paused = server.Sockets()[0]
				err = server.StartServing()
				serving = server.Sockets()[0]
			})
			Expect(err).NotTo(HaveOccurred())
			Expect(serving).To(BeIdenticalTo(paused))
			Expect(paused.LocalAddr().String()).To(Equal(server.Addrs()[0].String()))
			w.on(ctx, server.Close)
			Expect(paused.LocalAddr()).To(BeNil())
		}, bounded)

		It("are closed with the loop, also while it is paused", func(ctx SpecContext) {
			w := newRealWorld(kind)
			before := descriptors()
			_, err := eventloop.RunUntilComplete(w.Loop, w.CreateServer(newEcho, "tcp", "127.0.0.1:0", &eventloop.ServerConfig{Paused: true}))
			Expect(err).NotTo(HaveOccurred())
			Expect(opened(before)).To(HaveLen(1))
			Expect(w.Close()).To(Succeed())
			Expect(opened(before)).To(BeEmpty())
		}, bounded)
	})
}
