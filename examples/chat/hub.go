package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tidemill-go/tidemill/protocols/framing"
)

// lobby is the room in which everybody begins.
const lobby = "lobby"

// hub is who is there, and where. It belongs to the loop, as everything of a
// member does: there is nothing to lock.
type hub struct {
	lines   framing.Framing
	behind  int
	members map[string]*member // by name
	rooms   map[string]map[*member]struct{}
	guests  int
}

func newHub(o *options) *hub {
	return &hub{
		lines:   framing.Lines{Limit: o.line},
		behind:  o.behind,
		members: make(map[string]*member),
		rooms:   make(map[string]map[*member]struct{}),
	}
}

// guestName returns a name that nobody has.
func (h *hub) guestName() string {
	for {
		h.guests++
		name := fmt.Sprint("guest", h.guests)
		if h.members[name] == nil {
			return name
		}
	}
}

// enter puts a member into a room, which is made if need be.
func (h *hub) enter(m *member, room string) {
	if h.rooms[room] == nil {
		h.rooms[room] = make(map[*member]struct{})
	}
	m.room = room
	h.announce(room, m, "* %s has come into %s", m.name, room)
	h.rooms[room][m] = struct{}{}
}

// leave takes a member out of its room, which is gone with the last one.
func (h *hub) leave(m *member, why string) {
	delete(h.rooms[m.room], m)
	if len(h.rooms[m.room]) == 0 {
		delete(h.rooms, m.room)
	}
	h.announce(m.room, m, "* %s has left %s%s", m.name, m.room, why)
}

// announce tells everybody in a room but one. Whoever is dropped by that stays in
// the room until its own task notices.
func (h *hub) announce(room string, but *member, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	for m := range h.rooms[room] {
		if m != but {
			m.tell("%s", text)
		}
	}
}

// names returns who is in a room.
func (h *hub) names(room string) string {
	var names []string
	for m := range h.rooms[room] {
		names = append(names, m.name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// list returns the rooms and how many are in each.
func (h *hub) list() string {
	var list []string
	for _, room := range slices.Sorted(maps.Keys(h.rooms)) {
		list = append(list, fmt.Sprintf("%s (%d)", room, len(h.rooms[room])))
	}
	return strings.Join(list, ", ")
}
