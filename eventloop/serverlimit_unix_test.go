//go:build unix

package eventloop_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/looptest"
)

// serverLimitSpecs are about a limit of descriptors, which Windows has none of.
func serverLimitSpecs(kind string) {
	Describe("a server whose process runs out of descriptors", func() {
		It("survives its clients, at rest, and serves again", func(ctx SpecContext) {
			guard()
			child := startLimited(ctx, kind)
			clients := make([]net.Conn, 80)
			for i := range clients {
				clients[i] = dial(child.address)
			}
			Expect(child.share()).To(BeNumerically("<", 0.05), "share of a core while nothing can be accepted")
			for _, c := range clients[:60] {
				Expect(c.Close()).To(Succeed())
			}
			for _, c := range append(clients[60:], dial(child.address)) {
				Expect(echoed(c, "served")).To(Equal("served"))
			}
			child.leave()
		}, bounded)

		It("waits for a second, which is told and counted once a pause", func(ctx SpecContext) { // G28, G29
			guard()
			said, _ := helper(ctx, "pauses", "KIND="+kind)
			Expect(said).To(Equal("served after the pause, 1 report, 1 pause, 1 accepted\n"))
		}, bounded)
	})
}

// limited is an echo server in a process that may have 40 descriptors.
type limited struct {
	address net.Addr
	lines   *bufio.Scanner
	leave   func()
}

func startLimited(ctx context.Context, kind string) *limited {
	GinkgoHelper()
	self, err := os.Executable()
	Expect(err).NotTo(HaveOccurred())
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), helperVariable+"=descriptors", "KIND="+kind)
	cmd.Stderr = GinkgoWriter
	stdin, err := cmd.StdinPipe()
	Expect(err).NotTo(HaveOccurred())
	stdout, err := cmd.StdoutPipe()
	Expect(err).NotTo(HaveOccurred())
	Expect(cmd.Start()).To(Succeed())
	child := &limited{lines: bufio.NewScanner(stdout)}
	child.leave = sync.OnceFunc(func() {
		_ = stdin.Close()
		Expect(cmd.Wait()).To(Succeed())
	})
	DeferCleanup(child.leave)
	Expect(child.lines.Scan()).To(BeTrue())
	child.address, err = net.ResolveTCPAddr("tcp", child.lines.Text())
	Expect(err).NotTo(HaveOccurred())
	return child
}

// share waits for what the child has measured: which part of a core it has used
// after the descriptors had run out.
func (c *limited) share() float64 {
	GinkgoHelper()
	Expect(c.lines.Scan()).To(BeTrue())
	share, err := strconv.ParseFloat(c.lines.Text(), 64)
	Expect(err).NotTo(HaveOccurred())
	return share
}

// serveWithoutDescriptors is the helper program behind limited. It leaves when
// its standard input ends.
func serveWithoutDescriptors() error {
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 40, Max: 40}); err != nil {
		return err
	}
	l, err := looptest.OfKind(os.Getenv("KIND"), eventloop.SelectorConfig{})
	if err != nil {
		return err
	}
	l.SetExceptionHandler(measureOnce(l))
	f := l.CreateServer(newEcho, "tcp", "127.0.0.1:0", nil)
	server, err := eventloop.RunUntilComplete(l, f)
	if err != nil {
		return err
	}
	fmt.Println(server.Addrs()[0])
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		l.Stop()
	}()
	return errors.Join(l.RunForever(), l.Close())
}

// measureOnce is an exception handler that prints the use of the processor over
// the second and a half that follow the first failed accept.
func measureOnce(l *eventloop.Loop) func(*eventloop.Loop, eventloop.ExceptionContext) {
	begun := false
	return func(_ *eventloop.Loop, c eventloop.ExceptionContext) {
		if begun || !strings.Contains(c.Message, "descriptors") {
			return
		}
		begun = true
		used, began := processorTime(), time.Now()
		l.CallLater(1500*time.Millisecond, func() {
			fmt.Println(float64(processorTime()-used) / float64(time.Since(began)))
		})
	}
}

// pauseOnce is a helper program: a server whose process has no descriptor left
// when a client comes, and gives one back half a second later.
func pauseOnce() error {
	// Before the server is there: an accept that is under way in an io_uring keeps
	// the limit that it was submitted with.
	if err := limitDescriptors(64); err != nil {
		return err
	}
	l, err := looptest.OfKind(os.Getenv("KIND"), eventloop.SelectorConfig{})
	if err != nil {
		return err
	}
	reports := 0
	l.SetExceptionHandler(func(*eventloop.Loop, eventloop.ExceptionContext) { reports++ })
	server, err := eventloop.RunUntilComplete(l, l.CreateServer(newEcho, "tcp", "127.0.0.1:0", nil))
	if err != nil {
		return err
	}
	client, err := net.Dial("tcp", server.Addrs()[0].String())
	if err != nil {
		return err
	}
	giveBack, err := useUp()
	if err != nil {
		return err
	}
	l.CallLater(500*time.Millisecond, giveBack)
	began := time.Now()
	waiter := eventloop.RunInExecutor(l, func() (string, error) { return echoed(client, "hello") })
	if _, err := eventloop.RunUntilComplete(l, waiter); err != nil {
		return err
	}
	when := "before"
	if time.Since(began) > 900*time.Millisecond {
		when = "after"
	}
	s := server.Statistics()
	fmt.Printf("served %s the pause, %d report, %d pause, %d accepted\n", when, reports, s.Pauses, s.Accepted)
	return nil
}

// limitDescriptors lets the process have n descriptors.
func limitDescriptors(n int) error {
	var limit unix.Rlimit
	setLimit(&limit.Cur, n)
	setLimit(&limit.Max, n)
	return unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)
}

// useUp opens files until the process may have no more.
func useUp() (giveBack func(), err error) {
	var files []*os.File
	for {
		f, err := os.Open(os.DevNull)
		if errors.Is(err, unix.EMFILE) {
			return func() {
				for _, f := range files {
					_ = f.Close()
				}
			}, nil
		}
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
}

// setLimit knows the type of a limit on this system.
func setLimit[T int64 | uint64](limit *T, n int) { *limit = T(n) }
