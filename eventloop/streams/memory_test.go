package streams_test

import (
	"errors"
	"log/slog"
	"net"
	"testing"

	"golang.org/x/net/nettest"

	"github.com/tidemill-go/tidemill/eventloop/future"
	"github.com/tidemill-go/tidemill/eventloop/streams"
	"github.com/tidemill-go/tidemill/transports"
	"github.com/tidemill-go/tidemill/transports/memory"
)

// TestConnMemory is nettest's test on transports without descriptors, over
// drivers of both styles.
func TestConnMemory(t *testing.T) {
	styles := map[string]func() *memory.Host{
		"readiness":  func() *memory.Host { h, _ := memory.NewReadiness(); return h },
		"completion": func() *memory.Host { h, _ := memory.NewCompletion(); return h },
	}
	for name, newHost := range styles {
		t.Run(name, func(t *testing.T) {
			nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
				l := startMemory(newHost())
				c1, c2, err = l.connect()
				return c1, c2, func() {
					_, _ = c1.Close(), c2.Close()
					l.close()
				}, err
			})
		})
	}
}

// memoryLoop steps a memory.Host on a goroutine of its own whenever somebody has
// posted something: nothing else ever happens there.
type memoryLoop struct {
	host    *memory.Host
	tasks   *future.Tasks
	work    chan struct{}
	stop    chan struct{}
	stopped chan struct{}
}

var _ future.Scheduler = (*memoryLoop)(nil)

func startMemory(h *memory.Host) *memoryLoop {
	l := &memoryLoop{
		host: h, tasks: future.NewTasks(nil),
		work: make(chan struct{}, 1), stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	go l.run()
	return l
}

func (l *memoryLoop) run() {
	defer close(l.stopped)
	l.tasks.Enter()
	defer l.tasks.Leave()
	for {
		select {
		case <-l.work:
			for l.host.Step() {
			}
		case <-l.stop:
			l.host.Close()
			l.tasks.CloseAll(future.ErrLoopClosed)
			return
		}
	}
}

func (l *memoryLoop) close() {
	close(l.stop)
	<-l.stopped
}

func (l *memoryLoop) Post(fn func()) error {
	err := l.host.Post(fn)
	select {
	case l.work <- struct{}{}:
	default:
	}
	return err
}

func (l *memoryLoop) Tasks() *future.Tasks { return l.tasks }

func (l *memoryLoop) Report(message string, err error, _ any) { slog.Error(message, "error", err) }

// connect makes the two transports of a pair, with small pipes between them.
func (l *memoryLoop) connect() (c1, c2 *streams.Conn, err error) {
	c1, c2 = streams.NewConnOver(l, nil), streams.NewConnOver(l, nil)
	made := make(chan error, 1)
	err = l.Post(func() {
		near, far := l.host.Pair(0)
		_, err1 := transports.NewStream(l.host, near.FD(), c1, transports.StreamConfig{})
		_, err2 := transports.NewStream(l.host, far.FD(), c2, transports.StreamConfig{})
		made <- errors.Join(err1, err2)
	})
	if err == nil {
		err = <-made
	}
	return c1, c2, err
}
