package main

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestName is the longest name of a member or a room, in characters.
const longestName = 24

// say does what a line of the member asks for, and reports whether it stays.
func (m *member) say(line string) (stays bool) {
	if !strings.HasPrefix(line, "/") {
		if line != "" {
			m.hub.announce(m.room, m, "%s: %s", m.name, line)
		}
		return true
	}
	word, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	switch word {
	case "/help":
		m.tell("* /nick NAME, /join ROOM, /who, /rooms, /me ACTION, /quit [WORDS]; anything else is said to the room")
	case "/nick":
		m.rename(rest)
	case "/join":
		m.join(rest)
	case "/who":
		m.tell("* in %s: %s", m.room, m.hub.names(m.room))
	case "/rooms":
		m.tell("* rooms: %s", m.hub.list())
	case "/me":
		m.hub.announce(m.room, m, "* %s %s", m.name, rest)
	case "/quit":
		if rest != "" {
			m.why = " (" + rest + ")"
		}
		m.tell("* goodbye")
		return false
	default:
		m.tell("* there is no %s; /help tells what there is", word)
	}
	return true
}

func (m *member) rename(name string) {
	switch {
	case !isName(name):
		m.tell("* a name is one word of at most %d characters", longestName)
	case m.hub.members[name] != nil:
		m.tell("* %s is somebody already", name)
	default:
		m.hub.announce(m.room, nil, "* %s is %s now", m.name, name)
		delete(m.hub.members, m.name)
		m.name = name
		m.hub.members[name] = m
	}
}

func (m *member) join(room string) {
	switch {
	case !isName(room):
		m.tell("* a room's name is one word of at most %d characters", longestName)
	case room == m.room:
		m.tell("* you are in %s", room)
	default:
		m.hub.leave(m, "")
		m.hub.enter(m, room)
		m.tell("* you are in %s with: %s", room, m.hub.names(room))
	}
}

func isName(s string) bool {
	return s != "" && utf8.RuneCountInString(s) <= longestName && !strings.ContainsFunc(s, unicode.IsSpace)
}
