package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
)

// silent makes an address that does not answer: of a listener whose queue is
// full.
func silent(host string, port int) {
	GinkgoHelper()
	l := newSocket()
	at := l.bound(fmt.Sprintf("%s:%d", host, port))
	Expect(platform.Listen(l.fd, 0)).To(Succeed())
	for range 4 {
		newSocket().connecting(at)
	}
}

// street is a name with addresses of 127.0.0.0/8 that have one port: the first
// answers, the second keeps silent, and the third refuses.
type street struct {
	port     int
	listener net.Listener
}

const (
	answering = "127.0.0.1"
	mute      = "127.0.0.2"
	refusing  = "127.0.0.3"
)

func newStreet() *street {
	GinkgoHelper()
	l := listen()
	s := &street{port: l.Addr().(*net.TCPAddr).Port, listener: l}
	silent(mute, s.port)
	return s
}

// connect tries the houses in this order, after what cfg says.
func (s *street) connect(w *world, cfg eventloop.ConnectionConfig, houses ...string) *eventloop.Future[eventloop.Connection] {
	cfg.Resolver = &book{names: map[string][]netip.Addr{"street": ips(houses...)}}
	return w.CreateConnection(newEcho, "tcp", fmt.Sprint("street:", s.port), &cfg)
}

// visited reports whether somebody has connected to the answering house.
func (s *street) visited() bool {
	_ = s.listener.(*net.TCPListener).SetDeadline(time.Now().Add(tick))
	c, err := s.listener.Accept()
	return err == nil && c.Close() == nil
}

func raceSpecs(kind string) {
	Describe("CreateConnection to a name with several addresses", func() {
		It("tries the next one beside the first when that has had its time", func(ctx SpecContext) { // H22
			w := newRealWorld(kind)
			w.background()
			s := newStreet()
			before := descriptors()
			began := time.Now()
			c, err := s.connect(w, eventloop.ConnectionConfig{HappyEyeballsDelay: 40 * time.Millisecond}, mute, answering).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(time.Since(began)).To(And(BeNumerically(">=", 39*time.Millisecond), BeNumerically("<", 2*time.Second)))
			Expect(c.Transport.RemoteAddr().(*net.TCPAddr).IP.String()).To(Equal(answering))
			Expect(opened(before)).To(HaveLen(1), "the other attempt is closed")
			w.on(ctx, c.Transport.Abort)
		}, bounded)

		It("gives each a quarter of a second unless told otherwise", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			s := newStreet()
			began := time.Now()
			c, err := s.connect(w, eventloop.ConnectionConfig{}, mute, answering).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(time.Since(began)).To(And(BeNumerically(">=", 249*time.Millisecond), BeNumerically("<", 2*time.Second)))
			w.on(ctx, c.Transport.Abort)
		}, bounded)

		It("tries the next one at once when one has failed", func(ctx SpecContext) { // H22
			w := newRealWorld(kind)
			w.background()
			s := newStreet()
			began := time.Now()
			c, err := s.connect(w, eventloop.ConnectionConfig{HappyEyeballsDelay: time.Hour}, refusing, refusing, answering).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(time.Since(began)).To(BeNumerically("<", 2*time.Second))
			w.on(ctx, c.Transport.Abort)
		}, bounded)

		It("waits for one before it tries the next if the delay is negative", func(ctx SpecContext) { // H10, H23
			w := newRealWorld(kind)
			w.background()
			s := newStreet()
			before := descriptors()
			limited, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
			defer cancel()
			_, err := s.connect(w, eventloop.ConnectionConfig{HappyEyeballsDelay: -1}, mute, answering).Await(limited)
			Expect(err).To(MatchError(context.DeadlineExceeded))
			w.on(ctx, func() {})
			Expect(opened(before)).To(BeEmpty())
			Expect(s.visited()).To(BeFalse())
		}, bounded)

		It("closes everything, once, when it is cancelled in the middle", func(ctx SpecContext) { // H15, H18
			w := newRealWorld(kind)
			w.background()
			s := newStreet()
			before := descriptors()
			gone, cancel := context.WithCancelCause(ctx)
			over := make(chan error, 1)
			go func() {
				_, err := s.connect(w, eventloop.ConnectionConfig{HappyEyeballsDelay: time.Millisecond}, mute, mute, mute).Await(gone)
				over <- err
			}()
			Eventually(ctx, func() []int { return opened(before) }).Should(HaveLen(3))
			cancel(errSpec)
			Eventually(ctx, over).Should(Receive(MatchError(errSpec)))
			Eventually(ctx, func() []int { return opened(before) }).Should(BeEmpty())
			// A number that is closed once more would be one of these by now.
			var taken []*end
			for range 4 {
				a, b := newSocketPair()
				taken = append(taken, a, b)
			}
			w.on(ctx, func() {})
			for _, e := range taken {
				Expect(isOpen(e.fd)).To(BeTrue())
			}
		}, bounded)

		It("fails with the error of every attempt", func(ctx SpecContext) { // H13, H25
			w := newRealWorld(kind)
			w.background()
			s := newStreet()
			_, err := s.connect(w, eventloop.ConnectionConfig{}, refusing, "127.0.0.4").Await(ctx)
			var all *eventloop.ConnectError
			Expect(errors.As(err, &all)).To(BeTrue())
			Expect(all.Attempts).To(HaveLen(2))
			for i, host := range []string{refusing, "127.0.0.4"} {
				var one *net.OpError
				Expect(errors.As(all.Attempts[i], &one)).To(BeTrue())
				Expect(one.Op).To(Equal("connect"))
				Expect(one.Addr.String()).To(Equal(fmt.Sprintf("%s:%d", host, s.port)))
				Expect(one.Err).To(Equal(os.NewSyscallError("connect", errRefused)))
			}
			Expect(err).To(MatchError(HavePrefix("Multiple exceptions: connect tcp 127.0.0.3")))
			Expect(err).To(MatchError(errRefused))
		}, bounded)

		It("says once what all attempts say", func(ctx SpecContext) { // H12
			w := newRealWorld(kind)
			w.background()
			s := newStreet()
			_, err := s.connect(w, eventloop.ConnectionConfig{}, refusing, refusing).Await(ctx)
			Expect(err).To(MatchError(fmt.Sprintf("connect tcp %s:%d: connect: %v", refusing, s.port, errRefused)))
			Expect(err.(*eventloop.ConnectError).Attempts).To(HaveLen(2))
		}, bounded)

		It("fails when the resolver knows none", func(ctx SpecContext) { // H9
			w := newRealWorld(kind)
			w.background()
			_, err := newStreet().connect(w, eventloop.ConnectionConfig{}).Await(ctx)
			Expect(err).To(And(is[*net.OpError](), MatchError(ContainSubstring("no address"))))
		}, bounded)
	})

	Describe("the resolver of a connection", func() {
		It("may take its time: the loop goes on, and cancelling gives it up", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			slow := &sleeper{asleep: make(chan struct{}), awake: make(chan struct{})}
			gone, cancel := context.WithCancelCause(ctx)
			over := make(chan error, 1)
			go func() {
				_, err := w.CreateConnection(newEcho, "tcp", "name:1", &eventloop.ConnectionConfig{Resolver: slow}).Await(gone)
				over <- err
			}()
			Eventually(ctx, slow.asleep).Should(BeClosed())
			w.on(ctx, func() {})
			cancel(errSpec)
			Eventually(ctx, over).Should(Receive(MatchError(errSpec)))
			Eventually(ctx, slow.awake).Should(BeClosed())
		}, bounded)

		DescribeTable("is asked for", func(ctx SpecContext, host, asked string) {
			w := newRealWorld(kind)
			w.background()
			names := &book{}
			_, err := w.CreateConnection(newEcho, "tcp", host+":1", &eventloop.ConnectionConfig{Resolver: names}).Await(ctx)
			Expect(err).To(HaveOccurred())
			Expect(names.asked).To(Equal([]string{asked}))
		},
			Entry("an international name in its ASCII form", "Bücher.example", "xn--bcher-kva.example", bounded),
			Entry("a plain name as it is", "Plain.example", "Plain.example", bounded),
			Entry("a name with an underscore all the same", "my_host", "my_host", bounded),
		)

		It("is not asked for a name that can be none", func() {
			w := newWorld(kind)
			names := &book{}
			f := w.CreateConnection(newEcho, "tcp", "bü cher:1", &eventloop.ConnectionConfig{Resolver: names})
			Expect(failure(f)).To(is[*net.AddrError]())
			Expect(names.asked).To(BeEmpty())
		})

		It("is not asked for numeric addresses", func(ctx SpecContext) { // H7
			w := newRealWorld(kind)
			w.background()
			names, s := &book{}, newStreet()
			c, err := w.CreateConnection(newEcho, "tcp", fmt.Sprint(answering, ":", s.port),
				&eventloop.ConnectionConfig{Resolver: names, LocalAddr: "127.0.0.9:0"}).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(names.asked).To(BeEmpty())
			w.on(ctx, c.Transport.Abort)
		}, bounded)
	})

	Describe("the local address of a connection", func() {
		It("is what the peer sees", func(ctx SpecContext) { // H19
			w := newRealWorld(kind)
			w.background()
			s := newStreet()
			c, err := s.connect(w, eventloop.ConnectionConfig{LocalAddr: "127.0.0.9:0"}, answering).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			peer, err := s.listener.Accept()
			Expect(err).NotTo(HaveOccurred())
			Expect(peer.RemoteAddr().String()).To(Equal(c.Transport.LocalAddr().String()))
			Expect(peer.RemoteAddr().(*net.TCPAddr).IP.String()).To(Equal("127.0.0.9"))
			w.on(ctx, c.Transport.Abort)
			Expect(peer.Close()).To(Succeed())
		}, bounded)

		It("is the first of a name's that can be bound and is of the remote one's family", func(ctx SpecContext) { // H20
			w := newRealWorld(kind)
			w.background()
			s := newStreet()
			names := &book{names: map[string][]netip.Addr{"here": ips("::1", "192.0.2.1", "127.0.0.8"), "street": ips(answering)}}
			c, err := w.CreateConnection(newEcho, "tcp", fmt.Sprint("street:", s.port),
				&eventloop.ConnectionConfig{LocalAddr: "here:0", Resolver: names}).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(c.Transport.LocalAddr().(*net.TCPAddr).IP.String()).To(Equal("127.0.0.8"))
			w.on(ctx, c.Transport.Abort)
		}, bounded)

		It("is an error when none is of the remote one's family", func(ctx SpecContext) { // H20
			w := newRealWorld(kind)
			w.background()
			_, err := newStreet().connect(w, eventloop.ConnectionConfig{LocalAddr: "[::1]:0"}, answering).Await(ctx)
			Expect(err).To(And(is[*net.OpError](), MatchError(ContainSubstring("no local address"))))
		}, bounded)

		It("is named by the error of one that can not be bound", func(ctx SpecContext) { // H21
			w := newRealWorld(kind)
			w.background()
			s := newStreet()
			taken := fmt.Sprint(answering, ":", s.port)
			_, err := s.connect(w, eventloop.ConnectionConfig{LocalAddr: taken}, answering).Await(ctx)
			Expect(err).To(MatchError(errInUse))
			Expect(err).To(MatchError(ContainSubstring(taken + "->")))
			Expect(err.(*net.OpError).Err).To(Equal(os.NewSyscallError("bind", errInUse)))
		}, bounded)

		It("is checked before anything is done", func() { // H6
			w := newWorld(kind)
			made := 0
			f := w.CreateConnection(func() protocols.Protocol { made++; return nil }, "tcp", "127.0.0.1:1",
				&eventloop.ConnectionConfig{LocalAddr: "nonsense"})
			Expect(failure(f)).To(is[*net.AddrError]())
			Expect(made).To(BeZero())
		})
	})
}

// sleeper is a resolver that sleeps until it is given up.
type sleeper struct{ asleep, awake chan struct{} }

func (s *sleeper) LookupNetIP(ctx context.Context, _, _ string) ([]netip.Addr, error) {
	close(s.asleep)
	<-ctx.Done()
	close(s.awake)
	return nil, ctx.Err()
}

func (s *sleeper) LookupPort(context.Context, string, string) (int, error) { return 1, nil }

var _ = DescribeTable("the order of a name's addresses is", // H24
	func(n int, given, ordered string) {
		var texts []string
		for _, a := range eventloop.Interleave(ips(strings.Fields(given)...), n) {
			texts = append(texts, a.String())
		}
		Expect(strings.Join(texts, " ")).To(Equal(ordered))
	},
	Entry("the resolver's, if nothing is to be interleaved", 0, "6::a 6::b 4.0.0.1", "6::a 6::b 4.0.0.1"),
	Entry("alternating families, one first", 1, "6::a 6::b 6::c 4.0.0.1 4.0.0.2", "6::a 4.0.0.1 6::b 4.0.0.2 6::c"),
	Entry("alternating families, two first", 2, "6::a 6::b 6::c 4.0.0.1 4.0.0.2", "6::a 6::b 4.0.0.1 6::c 4.0.0.2"),
	Entry("that of the first family's, if it has fewer than are to be first", 9, "4.0.0.1 4.0.0.2 6::a 6::b", "4.0.0.1 4.0.0.2 6::a 6::b"),
	Entry("whatever comes first", 1, "4.0.0.1 6::a 6::b 4.0.0.2", "4.0.0.1 6::a 4.0.0.2 6::b"),
	Entry("that of the only family there is", 1, "4.0.0.2 4.0.0.1", "4.0.0.2 4.0.0.1"),
)
