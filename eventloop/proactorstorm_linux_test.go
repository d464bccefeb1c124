package eventloop_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
	"unsafe"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/proactor"
	"github.com/tidemill-go/tidemill/platform"
)

// footprint is what a process has, after /proc.
type footprint struct {
	Descriptors, Goroutines, Threads, Rings int
	Buffers                                 int // rounds after which they were still mapped
}

func measure() (f footprint, err error) {
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return f, err
	}
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return f, err
	}
	maps, err := os.ReadFile("/proc/self/maps")
	return footprint{
		Descriptors: len(fds), Goroutines: runtime.NumGoroutine(), Threads: len(threads),
		Rings: strings.Count(string(maps), "[io_uring]"),
	}, err
}

// mark is put into every receive buffer before they go. They are an anonymous
// mapping, and their addresses alone prove nothing: the runtime maps memory
// whenever it likes, and where there is a hole.
const mark = "still there"

// markedEnd is a proactor that marks its receive buffers when it is closed.
type markedEnd struct {
	proactor.Proactor
	at []int64
}

func (m *markedEnd) Unwrap() proactor.Proactor { return m.Proactor }

func (m *markedEnd) Close() error {
	for id := range proactor.DefaultBuffers {
		b := m.Bytes(proactor.NewOutcome(proactor.Receive, proactor.BufferSize, false, id))
		end := b[len(b)-len(mark):] // what still comes is seldom so long
		copy(end, mark)
		m.at = append(m.at, int64(uintptr(unsafe.Pointer(&end[0]))))
	}
	return m.Proactor.Close()
}

// mapped counts the marks that are still there.
func mapped(at []int64) (n int, err error) {
	memory, err := os.Open("/proc/self/mem")
	if err != nil {
		return 0, err
	}
	found := make([]byte, len(mark))
	for _, a := range at {
		if _, err := memory.ReadAt(found, a); err == nil && string(found) == mark { // EIO where nothing is mapped
			n++
		}
	}
	return n, memory.Close()
}

const (
	stormRounds      = 20
	stormConnections = 5000
)

// stormOfEnds is a helper program: rounds of connections between two ends on one
// io_uring loop, which end in all sorts of states. It prints what the process
// had after the second round and after the last one.
func stormOfEnds(string) error {
	var warm, end footprint
	var still int
	random := rand.New(rand.NewPCG(1, 2))
	for round := range stormRounds {
		marks, err := stormRound(random, round%4 == 3)
		if err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
		left, err := mapped(marks)
		if err != nil {
			return err
		}
		if left > 0 {
			still++
		}
		if round == 1 {
			warm, _ = settled(footprint{})
		}
	}
	end, err := settled(warm)
	end.Buffers = still
	return errors.Join(err, json.NewEncoder(os.Stdout).Encode([]footprint{warm, end}))
}

// settled gives goroutines that are about to end their time.
func settled(want footprint) (f footprint, err error) {
	for limit := time.Now().Add(patient); time.Now().Before(limit); runtime.Gosched() {
		if f, err = measure(); err != nil || f.Goroutines <= max(want.Goroutines, 1) && f.Descriptors <= max(want.Descriptors, 8) {
			return f, err
		}
	}
	return f, nil
}

// stormConns is how many connections the process has room for.
func stormConns() int {
	var limit unix.Rlimit
	_ = unix.Getrlimit(unix.RLIMIT_NOFILE, &limit)
	return min(stormConnections, int(limit.Cur)/2-100)
}

// stormRound leaves everything to the loop's Close if it is abrupt. It returns
// where the receive buffers were marked.
func stormRound(random *rand.Rand, abrupt bool) (marks []int64, err error) {
	p, err := proactor.New("io_uring", nil)
	if err != nil {
		return nil, err
	}
	m := &markedEnd{Proactor: p}
	l, err := eventloop.NewProactorLoop(&eventloop.ProactorConfig{Proactor: m})
	if err != nil {
		return nil, errors.Join(err, m.Close())
	}
	err = stormUntilClosed(l, random, stormConns(), abrupt)
	return m.at, err
}

// serveCrowd is a helper program: an echo server over a default ring, until its
// standard input ends.
func serveCrowd(string) error {
	l, err := eventloop.NewProactorLoop(nil)
	if err != nil {
		return err
	}
	server, err := eventloop.RunUntilComplete(l, l.CreateServer(newEcho, "tcp", "127.0.0.1:0", &eventloop.ServerConfig{Backlog: 4096}))
	if err != nil {
		return err
	}
	fmt.Println(server.Addrs()[0])
	go func() {
		_, _ = os.Stdin.Read(make([]byte, 1))
		l.Stop()
	}()
	return errors.Join(l.RunForever(), l.Close())
}

// crowdServer starts the helper program and returns its address.
func crowdServer() unix.Sockaddr {
	GinkgoHelper()
	self, err := os.Executable()
	Expect(err).NotTo(HaveOccurred())
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), helperVariable+"=crowd:io_uring")
	in, err := cmd.StdinPipe()
	Expect(err).NotTo(HaveOccurred())
	out, err := cmd.StdoutPipe()
	Expect(err).NotTo(HaveOccurred())
	lines := bufio.NewReader(out)
	Expect(cmd.Start()).To(Succeed())
	DeferCleanup(func() {
		Expect(in.Close()).To(Succeed())
		said, _ := io.ReadAll(lines)
		Expect(cmd.Wait()).To(Succeed(), string(said))
	})
	line, err := lines.ReadString('\n')
	Expect(err).NotTo(HaveOccurred())
	at, err := netip.ParseAddrPort(strings.TrimSpace(line))
	Expect(err).NotTo(HaveOccurred())
	return &unix.SockaddrInet4{Addr: at.Addr().As4(), Port: int(at.Port())}
}

var _ = Describe("On io_uring", Label("stress"), func() {
	It("leaves nothing of thousands of connections that end in all sorts of states", func(ctx SpecContext) {
		if platform.IOUring() != nil {
			Expect(kinds()).NotTo(ContainElement("io_uring"))
			return
		}
		out, _ := helper(ctx, "ends:io_uring")
		var f [2]footprint
		Expect(json.Unmarshal([]byte(out), &f)).To(Succeed(), out)
		warm, end := f[0], f[1]
		Expect(end.Rings).To(BeZero(), "mapped rings")
		Expect(end.Buffers).To(BeZero(), "rounds after which the receive buffers were mapped")
		Expect(end.Descriptors).To(BeNumerically("<=", warm.Descriptors))
		Expect(end.Goroutines).To(BeNumerically("<=", warm.Goroutines))
		Expect(end.Threads).To(BeNumerically("<=", warm.Threads+2), "the runtime keeps idle threads, and has fewer than rounds")
	}, SpecTimeout(3*time.Minute))

	It("serves ten thousand connections that all speak at once with its default ring", func(SpecContext) {
		if platform.IOUring() != nil {
			Expect(kinds()).NotTo(ContainElement("io_uring"))
			return
		}
		guard()
		at := crowdServer()
		crowd := make([]int, 2*stormConns())
		for i := range crowd {
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
			Expect(err).NotTo(HaveOccurred())
			crowd[i] = fd
			Expect(unix.Connect(fd, at)).To(Succeed())
		}
		defer func() {
			for _, fd := range crowd {
				_ = unix.Close(fd)
			}
		}()
		message := []byte("one of ten thousand, all at once")
		for round := range 3 {
			for _, fd := range crowd {
				Expect(unix.Write(fd, message)).To(Equal(len(message)))
			}
			for i, fd := range crowd {
				b := make([]byte, len(message))
				n, err := unix.Read(fd, b)
				if err != nil || string(b[:n]) != string(message) {
					Fail(fmt.Sprintf("round %d, connection %d: %q, %v", round, i, b[:max(n, 0)], err))
				}
			}
		}
	}, SpecTimeout(2*time.Minute))

	It("takes turns where the buffers are fewer than the connections", func(ctx SpecContext) {
		if platform.IOUring() != nil {
			Expect(kinds()).NotTo(ContainElement("io_uring"))
			return
		}
		guard()
		l, err := eventloop.NewProactorLoop(&eventloop.ProactorConfig{Buffers: 2, Logger: quiet()})
		Expect(err).NotTo(HaveOccurred())
		w := adopt(l, nil)
		w.background()
		server := serving(ctx, w, newEcho)
		bulk := dial(server.Addrs()[0])
		over := make(chan error, 1)
		halt := make(chan struct{})
		go func() { // always has something for the loop to receive
			defer close(over)
			b := make([]byte, 256<<10)
			go func() {
				for {
					if _, err := bulk.Read(make([]byte, 256<<10)); err != nil {
						return
					}
				}
			}()
			for {
				select {
				case <-halt:
					return
				default:
					if _, err := bulk.Write(b); err != nil {
						return
					}
				}
			}
		}()
		for range 5 {
			for range 40 {
				c := dial(server.Addrs()[0])
				Expect(echoed(c, "hello")).To(Equal("hello"))
				Expect(c.Close()).To(Succeed())
			}
		}
		close(halt)
		Expect(bulk.Close()).To(Succeed())
		Eventually(ctx, over).Should(BeClosed())
		w.on(ctx, server.Close)
		Expect(server.WaitClosed(ctx)).To(Succeed())
	}, bounded)
})
