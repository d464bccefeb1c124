package streams_test

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gleak"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/looptest"
	"github.com/tidemill-go/tidemill/eventloop/streams"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
)

const (
	bounded = SpecTimeout(30 * time.Second)
	settled = NodeTimeout(patient)
	patient = 10 * time.Second
)

// world is a loop that runs on a goroutine of its own until the end of the spec,
// in debug mode. The spec fails if anything is left then, or if anything reached
// the exception handler and was not asked for by reports.
type world struct {
	*eventloop.Loop
	mu    sync.Mutex
	heard []eventloop.ExceptionContext
	close func()
}

func newWorld(kind string) *world {
	GinkgoHelper()
	before, running := descriptors(), gleak.Goroutines()
	DeferCleanup(func() {
		Eventually(gleak.Goroutines).WithTimeout(patient).ShouldNot(gleak.HaveLeaked(running))
		Eventually(descriptors).WithTimeout(patient).Should(Equal(before), "descriptors are left open")
	})
	return newLoop(kind)
}

func newLoop(kind string) *world {
	GinkgoHelper()
	l, err := looptest.OfKind(kind, eventloop.SelectorConfig{Debug: true, SlowCallback: -1, Logger: slog.New(slog.DiscardHandler)})
	Expect(err).NotTo(HaveOccurred())
	w := &world{Loop: l}
	l.SetExceptionHandler(w.hear)
	over, runs := make(chan error, 1), make(chan struct{})
	Expect(l.Post(func() { close(runs) })).To(Succeed())
	go func() { over <- l.RunForever() }()
	Eventually(runs).WithTimeout(patient).Should(BeClosed()) // so that whoever counts goroutines next counts its
	w.close = sync.OnceFunc(func() {
		l.Stop()
		Eventually(over).WithTimeout(patient).Should(Receive(BeNil()))
		Expect(l.Close()).To(Succeed())
	})
	DeferCleanup(func() {
		w.close()
		Expect(w.reports()).To(BeEmpty(), "unexpected calls of the exception handler")
	})
	return w
}

func (w *world) hear(_ *eventloop.Loop, c eventloop.ExceptionContext) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.heard = append(w.heard, c)
}

func (w *world) reports() []eventloop.ExceptionContext {
	w.mu.Lock()
	defer w.mu.Unlock()
	heard := w.heard
	w.heard = nil
	return heard
}

// on runs fn on the loop's goroutine, outside a task.
func (w *world) on(ctx context.Context, fn func()) {
	GinkgoHelper()
	Expect(w.Do(ctx, func() error { fn(); return nil })).To(Succeed())
}

// blocked keeps the loop from doing anything until the function it returns is
// called.
func (w *world) blocked(ctx context.Context) (release func()) {
	GinkgoHelper()
	in, out := make(chan struct{}), make(chan struct{})
	Expect(w.Post(func() { close(in); <-out })).To(Succeed())
	Eventually(ctx, in).Should(BeClosed())
	return sync.OnceFunc(func() { close(out) })
}

// listen is a Listener on a free port, closed with the spec.
func (w *world) listen(ctx context.Context, cfg *streams.ListenConfig) *streams.Listener {
	GinkgoHelper()
	l, err := streams.Listen(ctx, w.Loop, "tcp", "127.0.0.1:0", cfg)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { _ = l.Close() })
	return l
}

// dial connects a Conn to a peer of package net; both are closed with the spec.
func (w *world) dial(ctx context.Context, cfg streams.ConnConfig) (*streams.Conn, *net.TCPConn) {
	GinkgoHelper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = l.Close() }()
	c, err := streams.Dial(ctx, w.Loop, "tcp", l.Addr().String(), &streams.DialConfig{Conn: cfg})
	Expect(err).NotTo(HaveOccurred())
	peer, err := l.Accept()
	Expect(err).NotTo(HaveOccurred())
	Expect(peer.SetDeadline(time.Now().Add(patient))).To(Succeed())
	DeferCleanup(func() {
		c.Abort()
		_ = peer.Close()
	})
	return c, peer.(*net.TCPConn)
}

// outcome is what Read or Write returned.
type outcome struct {
	N   int
	Err error
}

// reads calls Read on a goroutine and returns once that waits.
func reads(c *streams.Conn, p []byte) <-chan outcome {
	GinkgoHelper()
	return waits(c, func() (int, error) { return c.Read(p) })
}

// waits runs call, which waits for c, on a goroutine and returns once it does.
func waits(c interface{ Waiting() int }, call func() (int, error)) <-chan outcome {
	GinkgoHelper()
	before := c.Waiting()
	over := make(chan outcome, 1)
	go func() {
		n, err := call()
		over <- outcome{n, err}
	}()
	Eventually(c.Waiting).WithTimeout(patient).WithPolling(time.Millisecond).Should(Equal(before + 1))
	return over
}

// clog writes to c until the kernel takes no more, and returns the Write that
// waits then.
func clog(c *streams.Conn) <-chan outcome {
	GinkgoHelper()
	var written atomic.Int64
	over := waits(c, func() (n int, err error) {
		for p := make([]byte, 16<<10); err == nil; {
			var k int
			k, err = c.Write(p)
			n = int(written.Add(int64(k)))
		}
		return n, err
	})
	last, same := int64(0), 0
	Eventually(func() int {
		if now := written.Load(); now != last {
			last, same = now, 0
		} else {
			same++
		}
		return same
	}).WithTimeout(patient).WithPolling(5 * time.Millisecond).Should(Equal(4))
	return over
}

// pattern is n bytes that show where they belong.
func pattern(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i ^ i>>8 ^ i>>16)
	}
	return p
}

// opError matches a *net.OpError of an operation around what err matches.
func opError(op string, err error) OmegaMatcher {
	return SatisfyAll(
		BeAssignableToTypeOf(&net.OpError{}),
		HaveField("Op", op),
		MatchError(err),
	)
}

// meddler is a Conn to whose transport something happens during the first Write.
type meddler struct {
	*streams.Conn
	peer   net.Conn
	during func() // called on another goroutine, while the loop waits
}

// meddle connects a meddler to a peer of package net, which is closed with the
// spec.
func (w *world) meddle(ctx context.Context) *meddler {
	GinkgoHelper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = l.Close() }()
	m := &meddler{Conn: streams.NewConn(w.Loop, nil)}
	_, err = w.CreateConnection(func() protocols.Protocol { return m }, "tcp", l.Addr().String(), nil).Await(ctx)
	Expect(err).NotTo(HaveOccurred())
	m.peer, err = l.Accept()
	Expect(err).NotTo(HaveOccurred())
	Expect(m.peer.SetDeadline(time.Now().Add(patient))).To(Succeed())
	DeferCleanup(func() {
		m.Abort()
		_ = m.peer.Close()
	})
	return m
}

func (m *meddler) ConnectionMade(t protocols.Transport) {
	m.Conn.ConnectionMade(&meddled{Transport: t, meddler: m})
}

type meddled struct {
	protocols.Transport
	meddler *meddler
}

func (t *meddled) Write(b []byte) (int, error) {
	if during := t.meddler.during; during != nil {
		t.meddler.during = nil
		over := make(chan struct{})
		go func() {
			defer close(over)
			during()
		}()
		<-over
	}
	return t.Transport.Write(b)
}

// deafPort is an address at which nobody listens. A socket holds it: the port of a
// listener that is closed may be given to another program.
func deafPort() string {
	GinkgoHelper()
	fd, err := platform.OpenSocket(syscall.AF_INET, syscall.SOCK_STREAM)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(platform.CloseFD, fd)
	Expect(platform.Bind(fd, platform.InetSockaddr(netip.MustParseAddrPort("127.0.0.1:0")))).To(Succeed())
	name, err := platform.LocalName(fd)
	Expect(err).NotTo(HaveOccurred())
	return name.NetAddr("tcp").String()
}
