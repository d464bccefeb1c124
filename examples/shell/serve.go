package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
)

// server serves a shell to everybody who connects. It belongs to the loop's
// goroutine.
type server struct {
	path, shell string

	loop     *eventloop.Loop
	sessions map[*session]struct{}
	stopping bool
	empty    *eventloop.Future[struct{}] // stopping, and the last session is over
}

// serve serves until ctx ends, and then hangs up every shell and waits for its
// end.
func (s *server) serve(ctx context.Context, loop *eventloop.Loop) error {
	s.loop, s.sessions = loop, make(map[*session]struct{})
	s.empty = eventloop.NewFuture[struct{}](loop)
	if strings.HasPrefix(s.path, "@") {
		return fmt.Errorf("%s: an abstract name has no owner who could be asked for", s.path)
	}
	// A socket that does not listen yet refuses everybody, until the file's mode
	// says who may come.
	listener, err := loop.CreateServer(s.session, "unix", s.path, &eventloop.ServerConfig{Paused: true}).Await(ctx)
	if err != nil {
		return err
	}
	defer s.hangUp(ctx)
	defer listener.Close()
	if err := os.Chmod(s.path, 0o600); err != nil {
		return err
	}
	if err := listener.StartServing(); err != nil {
		return err
	}
	log.Printf("listening on %s", s.path)
	return listener.ServeForever(ctx)
}

func (s *server) session() protocols.Protocol { return &session{server: s, loop: s.loop} }

func (s *server) begin(x *session) {
	s.sessions[x] = struct{}{}
	if s.stopping { // it was accepted before
		x.stop()
	}
}

func (s *server) end(x *session) {
	delete(s.sessions, x)
	if s.stopping && len(s.sessions) == 0 {
		s.empty.SetResult(struct{}{})
	}
}

// hangUp ends all sessions and waits until they are over; ctx may have ended.
func (s *server) hangUp(ctx context.Context) {
	if s.stopping = true; len(s.sessions) == 0 {
		return
	}
	for x := range s.sessions {
		x.stop()
	}
	if _, err := s.empty.Await(ctx); err != nil {
		log.Print(err) // cancelled once more: the loop kills what is left
	}
}
