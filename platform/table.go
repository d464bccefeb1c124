package platform

import (
	"slices"
	"time"
)

// A Table says what one target can do. It is a value that never changes and may
// be used from any goroutine. The zero Table refuses everything; For makes
// others.
type Table struct {
	target  Target
	kind    loopKind
	clock   clockFacts
	answers map[Operation]answer // operations that are not plainly supported
	refuse  answer               // for everything, if known is false
	known   bool
}

// An answer is what a rule says of an operation.
type answer struct {
	supported   bool
	loop        string
	reason      string
	alternative string
}

// A Capability is one line of a table.
type Capability struct {
	Operation Operation
	Supported bool

	// Reason says why not, or, of what is supported, within which limit; empty
	// if there is none.
	Reason string

	// Alternative is what to use instead; never empty if not supported.
	Alternative string
}

func refusingAll(t Target, reason, alternative string) Table {
	return Table{
		target: t,
		refuse: answer{loop: t.Loop, reason: reason, alternative: alternative},
	}
}

func makeTable(t Target, s system, k loopKind, v version, live bool) Table {
	table := Table{target: t, kind: k, clock: s.clock, answers: map[Operation]answer{}, known: true}
	for _, r := range slices.Concat(rules, constructorRules(s, k)) {
		if r.covers(t, v) {
			table.apply(r, live)
		}
	}
	return table
}

// apply takes a row's answer for what no earlier row has refused.
func (t *Table) apply(r rule, live bool) {
	a := r.answer(t.target)
	if r.probe != nil {
		if !live {
			return
		}
		err := r.probe()
		if err == nil {
			return
		}
		a.reason = err.Error()
	}
	for _, op := range r.ops {
		if earlier, decided := t.answers[op]; !decided || earlier.supported {
			t.answers[op] = a
		}
	}
}

// Target returns what the table is about, with the empty fields filled in.
// Version stays empty for the newest of another system.
func (t Table) Target() Target { return t.target }

// Check returns nil if the operation is supported and an *UnsupportedError if it
// is not. It has no effect and costs a look into a map, so that every method can
// ask before it does anything. An operation that is not one of Operations is
// refused.
func (t Table) Check(op Operation) error {
	a := t.answer(op)
	if a.supported {
		return nil
	}
	return &UnsupportedError{
		Op:          string(op),
		Loop:        a.loop,
		OS:          t.target.OS,
		Reason:      a.reason,
		Alternative: a.alternative,
	}
}

func (t Table) answer(op Operation) answer {
	if !t.known && t.refuse.reason == "" {
		return answer{reason: "the zero Table is about nothing", alternative: "platform.For"}
	}
	if !t.known {
		return t.refuse
	}
	if a, special := t.answers[op]; special {
		return a
	}
	if _, listed := operationSet[op]; !listed {
		return answer{reason: "no such operation", alternative: "one of platform.Operations"}
	}
	return answer{supported: true}
}

var operationSet = func() map[Operation]struct{} {
	set := make(map[Operation]struct{}, len(operations))
	for _, op := range operations {
		set[op] = struct{}{}
	}
	return set
}()

// Capabilities returns every operation with its answer, in the order of
// Operations. The slice is the caller's.
func (t Table) Capabilities() []Capability {
	list := make([]Capability, len(operations))
	for i, op := range operations {
		a := t.answer(op)
		list[i] = Capability{Operation: op, Supported: a.supported, Reason: a.reason, Alternative: a.alternative}
	}
	return list
}

// Proactor reports whether the target's kind of loop is a proactor, and made by
// NewProactorLoop: of a target without a kind that is whether the system's best
// one is.
func (t Table) Proactor() bool { return t.kind.proactor }

// Limits returns how much the target's kind of loop can watch.
func (t Table) Limits() Limits { return t.kind.limits }

// ClockResolution returns the tick of the target's monotonic clock as a rule and
// at best: 15.6 ms and 0.5 ms on Windows, where it depends on the hardware and
// on what other programs have asked for. A timer may fire that much late, never
// early. Both are zero for an unknown system. The running system's own is what
// the function ClockResolution returns.
func (t Table) ClockResolution() (usual, best time.Duration) {
	return t.clock.usual, t.clock.best
}
