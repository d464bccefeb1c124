package eventloop_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/looptest"
	"github.com/tidemill-go/tidemill/eventloop/proactor"
	"github.com/tidemill-go/tidemill/platform"
)

// unpolled is a kind of loop that is not there: io_uring as completion ports are.
// It does not poll, wants descriptors to be introduced, sends files by itself and
// serves named pipes, which are Unix sockets.
const unpolled = "unpolled"

var madeHere = map[string]maker{
	shyEpoll: shyMaker("epoll"),
	shyPoll:  shyMaker("poll"),
	unpolled: func(cfg eventloop.SelectorConfig, clock *looptest.Clock, autoJump time.Duration) (*eventloop.Loop, error) {
		p := newStrict()
		if clock == nil {
			return p.loop(cfg)
		}
		return proactorLoop(looptest.WrapProactor(p, clock, autoJump), cfg)
	},
}

var _ = func() bool {
	if !slices.Contains(kinds(), "io_uring") {
		return false // what such a machine says is specified elsewhere
	}
	return Describe("Without polling", func() {
		for _, specs := range []func(kind string){
			serverSpecs, serverCloseSpecs, connectionSpecs, serveSpecs, clientsSpecs, raceSpecs, churnSpecs,
			handoverSpecs, sockSpecs, sendfileSpecs, tlsServerSpecs, startTLSSpecs, tlsPeerSpecs,
			readPipeSpecs, writePipeSpecs, unpolledPipeSpecs, asideSpecs, systemSendSpecs, pipeServerSpecs,
		} {
			specs(unpolled)
		}
	})
}()

// strict is the proactor of such a loop. What breaks the contract of Binder its
// Close returns.
type strict struct {
	proactor.Proactor
	fds     map[uint32]int // by tag
	under   map[uint32][]proactor.Op
	lent    map[uint32][]byte
	faults  []string
	refusal syscall.Errno // of every SendFile from now on
	sent    int           // files, or parts of them
	refused []proactor.Completion
	longest int            // of what one SendFile sends; zero: all
	before  func(sent int) // each SendFile
	bars    bool           // no descriptor is taken
}

func newStrict() *strict {
	GinkgoHelper()
	p, err := proactor.New("io_uring", nil)
	if err != nil {
		Fail(err.Error())
	}
	return &strict{Proactor: p, fds: map[uint32]int{}, under: map[uint32][]proactor.Op{}, lent: map[uint32][]byte{}}
}

func (p *strict) loop(cfg eventloop.SelectorConfig) (*eventloop.Loop, error) {
	return proactorLoop(p, cfg)
}

func proactorLoop(p proactor.Proactor, cfg eventloop.SelectorConfig) (*eventloop.Loop, error) {
	return eventloop.NewProactorLoop(&eventloop.ProactorConfig{
		Proactor: p, Clock: cfg.Clock, Debug: cfg.Debug, SlowCallback: cfg.SlowCallback, Linger: cfg.Linger, Logger: cfg.Logger,
	})
}

func (p *strict) fault(format string, args ...any) {
	p.faults = append(p.faults, fmt.Sprintf(format, args...))
}

func (p *strict) Polls() bool { return false }

func (p *strict) Attach(fd int, tag uint32) error {
	if p.bars {
		return syscall.EBADF
	}
	if old, taken := p.fds[tag]; taken {
		p.fault("tag %d for %d is that of %d", tag, fd, old)
	}
	for _, other := range p.fds {
		if other == fd {
			p.fault("descriptor %d is introduced twice", fd)
		}
	}
	p.fds[tag] = fd
	return nil
}

func (p *strict) Detach(fd int, tag uint32) {
	if p.fds[tag] != fd || len(p.under[tag]) > 0 {
		p.fault("Detach of %d, which has tag of %d and %v under way", fd, p.fds[tag], p.under[tag])
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil {
		p.fault("descriptor %d was closed before Detach", fd)
	}
	delete(p.fds, tag)
}

func (p *strict) begin(fd int, tag uint32, op proactor.Op) {
	if at, known := p.fds[tag]; !known || at != fd || slices.Contains(p.under[tag], op) {
		p.fault("%v of %d with tag of %d, %v under way", op, fd, at, p.under[tag])
	}
	p.under[tag] = append(p.under[tag], op)
}

func (p *strict) Receive(fd int, tag uint32, once bool) {
	p.begin(fd, tag, proactor.Receive)
	p.Proactor.Receive(fd, tag, once)
}

func (p *strict) Accept(fd int, tag uint32) {
	p.begin(fd, tag, proactor.Accept)
	p.Proactor.Accept(fd, tag)
}

func (p *strict) Send(fd int, tag uint32, b []byte) {
	p.begin(fd, tag, proactor.Send)
	p.Proactor.Send(fd, tag, b)
}

func (p *strict) Connect(fd int, tag uint32, to *platform.Name) {
	p.begin(fd, tag, proactor.Connect)
	p.Proactor.Connect(fd, tag, to)
}

func (p *strict) Poll(fd int, tag uint32, op proactor.Op) { p.fault("Poll of %d for %v", fd, op) }

// SendFile implements proactor.FileSender.
func (p *strict) SendFile(fd int, tag uint32, file uintptr, offset int64, n int) {
	p.begin(fd, tag, proactor.Send)
	p.sent++
	if p.before != nil {
		p.before(p.sent)
	}
	if p.longest > 0 {
		n = min(n, p.longest)
	}
	b := make([]byte, n)
	got, err := unix.Pread(int(file), b, offset)
	outcome := int32(0)
	switch {
	case p.refusal != 0:
		outcome = -int32(p.refusal)
	case err != nil:
		outcome = -int32(err.(syscall.Errno))
	case got > 0:
		p.lent[tag] = b[:got]
		p.Proactor.Send(fd, tag, b[:got])
		return
	}
	p.refused = append(p.refused, proactor.Completion{Tag: tag, Outcome: proactor.NewOutcome(proactor.Send, outcome, false, -1)})
}

// ListenPipe implements proactor.PipeListener.
func (p *strict) ListenPipe(name string) (int, error) {
	fd, err := platform.OpenSocket(unix.AF_UNIX, unix.SOCK_STREAM)
	if err == nil {
		if err = errors.Join(platform.Bind(fd, platform.UnixSockaddr(socketOfPipe(name))), platform.Listen(fd, 100)); err == nil {
			return fd, nil
		}
		_ = platform.CloseFD(fd)
	}
	errno, _ := errors.AsType[syscall.Errno](err)
	return -1, errno
}

// socketOfPipe is the abstract name behind that of a pipe.
func socketOfPipe(name string) string {
	return fmt.Sprintf("@tidemill-%d-%s", os.Getpid(), strings.TrimPrefix(name, `\\.\pipe\`))
}

func (p *strict) Wait(until time.Time, park func() bool) ([]proactor.Completion, error) {
	if len(p.refused) > 0 {
		park = nil
	}
	done, err := p.Proactor.Wait(until, park)
	done = append(slices.Clone(done), p.refused...)
	p.refused = nil
	for _, c := range done {
		if op := c.Outcome.Op(); !c.Outcome.More() {
			p.under[c.Tag] = slices.DeleteFunc(p.under[c.Tag], func(o proactor.Op) bool { return o == op })
			if op == proactor.Send {
				delete(p.lent, c.Tag)
			}
		}
	}
	return done, err
}

func (p *strict) Close() error {
	if len(p.fds) > 0 {
		p.fault("%v are still introduced", p.fds)
	}
	err := p.Proactor.Close()
	if len(p.faults) > 0 {
		err = errors.Join(err, errors.New(strings.Join(p.faults, "; ")))
	}
	return err
}
