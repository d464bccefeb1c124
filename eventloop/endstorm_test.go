package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
)

// stormUntilClosed makes connections on a loop, ends them, and closes the loop,
// which all of them are left to if it is to be abrupt.
func stormUntilClosed(l *eventloop.Loop, random *rand.Rand, connections int, abrupt bool) error {
	l.SetExceptionHandler(func(*eventloop.Loop, eventloop.ExceptionContext) {})
	s := &endings{loop: l, random: random, number: connections}
	_, err := eventloop.RunUntilComplete(l, eventloop.CreateTask(l, s.run))
	if !abrupt && err == nil {
		_, err = eventloop.RunUntilComplete(l, eventloop.CreateTask(l, s.calm))
	}
	return errors.Join(err, l.Close())
}

// endings is a storm: connections between two ends on one loop, which end in all
// sorts of states.
type endings struct {
	loop   *eventloop.Loop
	server *eventloop.Server
	random *rand.Rand
	open   map[*stormEnd]struct{}
	made   int
	number int // of connections
}

// stormEnd does one thing or another.
type stormEnd struct {
	protocols.Base
	s *endings
	t protocols.Transport
}

func (e *stormEnd) ConnectionMade(t protocols.Transport) {
	e.t = t
	e.s.open[e] = struct{}{}
	e.s.made++
	switch e.s.random.IntN(5) {
	case 0: // more than fits: it ends in the middle of a send
		_, _ = t.Write(make([]byte, 64<<10))
		_, _ = t.Write(make([]byte, 300<<10))
	case 1:
		_, _ = t.Write([]byte("hello"))
	case 2:
		t.PauseReading()
	case 3:
		_, _ = t.Write([]byte("bye"))
		_ = t.WriteEOF()
	}
}

func (e *stormEnd) DataReceived([]byte) {
	switch e.s.random.IntN(12) {
	case 0:
		e.t.Abort()
	case 1:
		_ = e.t.Close()
	case 2:
		e.t.PauseReading()
	case 3:
		_, _ = e.t.Write([]byte("more"))
	}
}

func (e *stormEnd) EOFReceived() bool { return e.s.random.IntN(2) == 0 }

func (e *stormEnd) ConnectionLost(error) { delete(e.s.open, e) }

func (s *endings) run(ctx context.Context) (done struct{}, err error) {
	s.open = make(map[*stormEnd]struct{})
	newEnd := func() protocols.Protocol { return &stormEnd{s: s} }
	s.server, err = s.loop.CreateServer(newEnd, "tcp", "127.0.0.1:0", &eventloop.ServerConfig{Backlog: 4096}).Await(ctx)
	if err != nil {
		return done, err
	}
	at := s.server.Addrs()[0].String()
	var pending []*eventloop.Future[eventloop.Connection]
	for i := range s.number {
		pending = append(pending, s.loop.CreateConnection(newEnd, "tcp", at, nil))
		if s.random.IntN(10) == 0 {
			if s.random.IntN(2) == 0 {
				_ = eventloop.Sleep(ctx, 0)
			}
			pending[i].Cancel()
		}
		if i%100 == 99 {
			_ = eventloop.Sleep(ctx, 0)
		}
	}
	for _, f := range pending[:len(pending)*3/4] { // the others are still connecting
		_, _ = f.Await(ctx)
	}
	if s.made < len(pending)/4 {
		return done, fmt.Errorf("only %d ends were made", s.made)
	}
	return done, nil
}

// calm ends everything, in one way or another, and waits until it is over.
func (s *endings) calm(ctx context.Context) (done struct{}, err error) {
	s.server.Close()
	if s.random.IntN(2) == 0 {
		s.server.AbortClients()
	}
	for limit := s.loop.Now().Add(4 * patient); len(s.open) > 0; {
		for e := range s.open {
			if s.random.IntN(3) == 0 {
				_ = e.t.Close()
			} else {
				e.t.Abort()
			}
		}
		if s.loop.Now().After(limit) {
			return done, fmt.Errorf("%d ends are left", len(s.open))
		}
		if err := eventloop.Sleep(ctx, time.Millisecond); err != nil {
			return done, err
		}
	}
	return done, nil
}
