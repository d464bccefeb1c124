package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/streams"
	"github.com/tidemill-go/tidemill/protocols/framing"
)

// member is somebody who is there.
type member struct {
	hub     *hub
	writer  *streams.StreamWriter
	name    string
	room    string
	why     string // it left
	dropped bool
}

// serve is the task of a member.
func (h *hub) serve(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
	m := &member{hub: h, writer: w, name: h.guestName()}
	h.members[m.name] = m
	m.tell("* welcome, %s; /help tells what you can say", m.name)
	h.enter(m, lobby)
	defer func() {
		delete(h.members, m.name)
		h.leave(m, m.why)
	}()
	return m.converse(ctx, r)
}

// converse reads what the member says until it leaves. That its connection breaks
// is a way to leave, and nothing to report.
func (m *member) converse(ctx context.Context, r *streams.StreamReader) error {
	for {
		line, err := r.ReadFrame(ctx, m.hub.lines)
		if err != nil {
			return m.farewell(err)
		}
		if !m.say(clean(line)) {
			return nil
		}
		// Whoever asks for much waits here for its own answers, and its input
		// waits in the kernel.
		if err := m.writer.Drain(ctx); err != nil {
			return m.farewell(err)
		}
	}
}

// farewell tells the member why it ends, if it can still hear it.
func (m *member) farewell(err error) error {
	if limit, ok := errors.AsType[*framing.LimitError](err); ok {
		m.tell("* a line has at most %d bytes; goodbye", limit.Limit)
		m.why = " (a line was too long)"
		return nil
	}
	if errors.Is(err, eventloop.ErrCancelled) {
		m.tell("* the chat is closing; goodbye")
		return err
	}
	if m.why == "" && !errors.Is(err, io.EOF) {
		m.why = " (the connection broke)"
	}
	return nil
}

// tell writes a line to the member, and drops one that does not read: what waits
// for it would grow as long as the others talk.
func (m *member) tell(format string, args ...any) {
	if m.dropped {
		return
	}
	_, _ = fmt.Fprintf(m.writer, format+"\n", args...) // a closed connection ends the task
	if m.writer.Transport().WriteBufferSize() > m.hub.behind {
		m.dropped = true
		m.why = " (too slow)"
		_ = m.writer.Abort() // always nil here
	}
}

// clean makes a line harmless for the terminals of the others.
func clean(line []byte) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(string(line), "?")))
}
