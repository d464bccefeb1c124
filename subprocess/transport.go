package subprocess

import (
	"crypto/tls"
	"fmt"
	"net"
	"os"

	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/transports"
)

// Transport is the transport of a child process. It belongs to the goroutine of
// its host's loop.
type Transport struct {
	host      Host
	process   *os.Process
	pid       int
	ownGroup  bool // a process group of its own was asked for
	watcher   ChildWatcher
	protocol  protocols.SubprocessProtocol
	flow      protocols.FlowController // protocol, if it is one
	ends      [3]*end                  // of the pipes; of a PTY the first two are one
	terminal  *transports.Terminal
	master    int                 // of a PTY whose transport is lost, until the child ends; 0: none
	exit      *future.Future[int] // the return code
	collector *collector          // of the Communicate that is at work
	facts     facts
	made      func()
	lost      func()
}

var _ protocols.SubprocessTransport = (*Transport)(nil)

// facts are what has come of a child.
type facts uint8

const (
	isKnown    facts = 1 << iota // ConnectionMade was called
	isMade                       // and whoever waited for it could act
	isClosing                    // Close or Abort was called
	hasExited                    // the watcher has said so
	isEnding                     // ConnectionLost is scheduled
	isLost                       // ConnectionLost has returned
	isForsaken                   // the protocol is not to hear of anything
)

func (t *Transport) is(f facts) bool { return t.facts&f != 0 }

func newTransport(host Host, process *os.Process, p protocols.SubprocessProtocol, cfg *Config) *Transport {
	t := &Transport{
		host: host, process: process, pid: process.Pid, watcher: cfg.Watcher,
		ownGroup: cfg.Spec.NewProcessGroup,
		exit:     future.New[int](host.Scheduler()),
		made:     cfg.Made, lost: cfg.Lost,
	}
	t.use(p)
	return t
}

// use resolves the optional interface once.
func (t *Transport) use(p protocols.SubprocessProtocol) {
	t.protocol = p
	t.flow, _ = p.(protocols.FlowController)
}

// SetProtocol implements protocols.SubprocessTransport.
func (t *Transport) SetProtocol(p protocols.SubprocessProtocol) {
	if p == nil {
		panic("SetProtocol of a nil protocol")
	}
	if t.mustBeOnLoop("SetProtocol"); !t.is(isLost) {
		t.use(p)
	}
}

// Protocol implements protocols.SubprocessTransport.
func (t *Transport) Protocol() protocols.SubprocessProtocol { return t.protocol }

// Pid implements protocols.SubprocessTransport.
func (t *Transport) Pid() int { return t.pid }

// ReturnCode implements protocols.SubprocessTransport.
func (t *Transport) ReturnCode() (code int, exited bool) {
	if !t.is(hasExited) {
		return 0, false
	}
	code, _ = t.exit.Result()
	return code, true
}

// PipeTransport implements protocols.SubprocessTransport.
func (t *Transport) PipeTransport(fd int) protocols.Transport {
	if fd < 0 || fd >= len(t.ends) || t.ends[fd] == nil {
		return nil
	}
	return t.ends[fd].transport
}

// eachEnd calls fn once for every pipe.
func (t *Transport) eachEnd(fn func(*end)) {
	for fd, e := range t.ends {
		if e != nil && e.fd == fd {
			fn(e)
		}
	}
}

// IsClosing implements protocols.BaseTransport.
func (t *Transport) IsClosing() bool { return t.is(isClosing) }

// ExtraInfo implements protocols.BaseTransport.
func (t *Transport) ExtraInfo(name string) any {
	if name == "subprocess" {
		return t.process
	}
	return nil
}

// LocalAddr returns nil.
func (t *Transport) LocalAddr() net.Addr { return nil }

// RemoteAddr returns nil.
func (t *Transport) RemoteAddr() net.Addr { return nil }

// ConnectionState implements protocols.BaseTransport: a child has no TLS.
func (t *Transport) ConnectionState() (tls.ConnectionState, bool) {
	return tls.ConnectionState{}, false
}

// String names the child in logs.
func (t *Transport) String() string { return fmt.Sprintf("child process %d", t.pid) }

// offLoop is debug mode's check of who calls.
func (t *Transport) offLoop(method string) error {
	if t.host.Debug() && !t.host.OnLoop() {
		return fmt.Errorf("%w: %s of a child process from outside its loop's goroutine", future.ErrInvalidState, method)
	}
	return nil
}

// mustBeOnLoop is the same for methods that have no error to return.
func (t *Transport) mustBeOnLoop(method string) {
	if err := t.offLoop(method); err != nil {
		panic(err)
	}
}
