package eventloop

import (
	"fmt"
	"sync"

	"github.com/tidemill-go/tidemill/eventloop/internal/goroutine"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/subprocess"
)

// A Policy decides which loop belongs to a calling context, and how loops are
// made. The context is the goroutine. There is one policy in a process.
// Programs rarely need it: Run and an explicit *Loop are the main road.
// Frameworks embed DefaultPolicy and override a method, or set its Factory.
// Its methods may be called from any goroutine.
type Policy interface {
	// Get returns the loop of the calling goroutine; ErrNoEventLoop if it has
	// none and the policy makes none. Never nil without an error.
	Get() (*Loop, error)

	// Set makes l the loop of the calling goroutine; nil means that it has none.
	Set(l *Loop)

	// New makes a loop, the caller's to close, and does not Set it.
	New() (*Loop, error)

	// ChildWatcher returns what notices the ends of child processes, of all loops;
	// *platform.UnsupportedError where there is nothing to choose. Never nil
	// without an error.
	ChildWatcher() (subprocess.ChildWatcher, error)

	// SetChildWatcher makes the loops use w for the children that they start from
	// now on. Nil restores a fresh default. The watcher before keeps its children
	// and is not closed. *platform.UnsupportedError as for ChildWatcher.
	SetChildWatcher(w subprocess.ChildWatcher) error
}

// DefaultPolicy keeps a loop for every goroutine that Set one. The main
// goroutine gets one made when it asks and never Set any; the others do not.
// What was Set is forgotten when the loop is closed. The zero value is ready; it
// must not be copied once used.
type DefaultPolicy struct {
	// Factory makes the loops of New and Get. Nil means the system's default
	// kind: the proactor on Windows, a selector loop elsewhere.
	Factory func() (*Loop, error)

	target platform.Target // zero: the running system

	mu      sync.Mutex
	loops   map[uint64]*Loop // by goroutine id; nil: Set to none
	watcher subprocess.ChildWatcher
}

var _ Policy = (*DefaultPolicy)(nil)

// mainGoroutine is the id of the goroutine that runs main.
const mainGoroutine = 1

// Get implements Policy. Called by a running loop it returns that.
func (p *DefaultPolicy) Get() (*Loop, error) {
	if l, err := Running(); err == nil {
		return l, nil
	}
	id := goroutine.ID()
	p.mu.Lock()
	l, set := p.loops[id]
	p.mu.Unlock()
	switch {
	case l != nil:
		return l, nil
	case set || id != mainGoroutine:
		return nil, fmt.Errorf("%w for goroutine %d", ErrNoEventLoop, id)
	}
	l, err := p.New()
	if err != nil {
		return nil, err
	}
	p.Set(l)
	return l, nil
}

// Set implements Policy.
func (p *DefaultPolicy) Set(l *Loop) {
	id := goroutine.ID()
	p.mu.Lock()
	before := p.loops[id]
	if p.loops == nil {
		p.loops = make(map[uint64]*Loop)
	}
	if l == nil && id != mainGoroutine {
		delete(p.loops, id) // the same as never Set, and nothing to keep
	} else {
		p.loops[id] = l
	}
	p.mu.Unlock()
	if l != nil && l != before {
		l.whenClosed(func() { p.forget(id, l) })
	}
}

func (p *DefaultPolicy) forget(id uint64, l *Loop) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.loops[id] == l {
		delete(p.loops, id)
	}
}

// New implements Policy.
func (p *DefaultPolicy) New() (*Loop, error) {
	if p.Factory != nil {
		return p.Factory()
	}
	if platform.For(platform.Target{}).Proactor() {
		return NewProactorLoop(nil)
	}
	return NewSelectorLoop(nil)
}

// ChildWatcher implements Policy. Unless another was set it is
// subprocess.NewChildWatcher's, made at the first call.
func (p *DefaultPolicy) ChildWatcher() (subprocess.ChildWatcher, error) {
	if err := platform.For(p.target).Check(platform.ChildWatcher); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.watcher == nil {
		p.watcher = subprocess.NewChildWatcher()
	}
	return p.watcher, nil
}

// SetChildWatcher implements Policy.
func (p *DefaultPolicy) SetChildWatcher(w subprocess.ChildWatcher) error {
	if err := platform.For(p.target).Check(platform.SetChildWatcher); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.watcher = w
	return nil
}

// policies holds the one global object of this package.
var policies struct {
	sync.Mutex
	current Policy
}

// CurrentPolicy returns the policy of the process, a DefaultPolicy made now if
// there is none. Any goroutine.
func CurrentPolicy() Policy {
	policies.Lock()
	defer policies.Unlock()
	if policies.current == nil {
		policies.current = &DefaultPolicy{}
	}
	return policies.current
}

// SetPolicy makes p the policy of the process. Nil restores a fresh default:
// what was Set through the old one is forgotten. Any goroutine.
func SetPolicy(p Policy) {
	policies.Lock()
	defer policies.Unlock()
	policies.current = p
}

// Get returns the running loop if a loop calls, whatever the policy says, and
// what the current policy has for this goroutine otherwise.
func Get() (*Loop, error) {
	if l, err := Running(); err == nil {
		return l, nil
	}
	return CurrentPolicy().Get()
}

// Set makes l the loop of the calling goroutine, through the current policy.
func Set(l *Loop) { CurrentPolicy().Set(l) }

// New makes a loop through the current policy. It is the caller's to close and
// is not Set.
func New() (*Loop, error) { return CurrentPolicy().New() }
