package proactor

import (
	"errors"
	"fmt"
	"runtime"
	"slices"

	"github.com/tidemill-go/tidemill/platform"
)

// ErrUnknownMechanism is a name that no mechanism has.
var ErrUnknownMechanism = errors.New("unknown proactor mechanism")

const (
	// DefaultEntries is how many submissions a ring holds before the kernel must
	// take them.
	DefaultEntries = 1024

	// DefaultBuffers is how many receives can be held at a time.
	DefaultBuffers = 256

	// BufferSize is how much one receive brings at most. 64 KiB messages in
	// buffers of 4 KiB are fifteen times slower than in buffers of their size.
	BufferSize = 64 << 10
)

// Features are what a kernel may have or not.
type Features uint8

const (
	// ProvidedBuffers are buffers that the kernel picks when bytes arrive.
	ProvidedBuffers Features = 1 << iota

	// MultishotReceive, MultishotAccept and MultishotPoll go on after a
	// completion.
	MultishotReceive
	MultishotAccept
	MultishotPoll

	// SingleIssuer, DeferTaskrun and CoopTaskrun are ways of doing less work
	// behind the thread's back.
	SingleIssuer
	DeferTaskrun
	CoopTaskrun

	// SkippedPackets are those of a completion port for what has ended at once.
	SkippedPackets
)

// Options say how to make a proactor. The zero value works.
type Options struct {
	// Entries is how many submissions the ring holds, rounded up to a power of
	// two; more are kept until the next Wait. Zero or negative means
	// DefaultEntries.
	Entries int

	// Buffers is how many receive buffers of BufferSize there are, rounded up to a
	// power of two, 32,768 at most. They cost address space at once and memory
	// when they are used. Zero or negative means DefaultBuffers.
	Buffers int

	// Without are features to do without although the kernel has them, to see
	// what an older one would do.
	Without Features
}

func (o *Options) withDefaults() Options {
	var opts Options
	if o != nil {
		opts = *o
	}
	if opts.Entries <= 0 {
		opts.Entries = DefaultEntries
	}
	if opts.Buffers <= 0 {
		opts.Buffers = DefaultBuffers
	}
	opts.Buffers = min(opts.Buffers, 1<<15)
	return opts
}

// A Mechanism is one way to be told of completions, under its name.
type Mechanism struct {
	// Name is "io_uring" or "iocp".
	Name string

	// New makes a proactor, the caller's to Close. Options are not nil and have no
	// zero fields.
	New func(Options) (Proactor, error)
}

// Mechanisms returns what this system has, best first. The slice is the
// caller's; it is empty where there is none.
func Mechanisms() []Mechanism { return slices.Clone(mechanisms) }

// New makes a proactor of the named mechanism; the empty name means this
// system's best. Nil options mean the zero value. It is the caller's to Close.
//
// Where there is none, or the kernel's is too old, the error is a
// *platform.UnsupportedError, and for a name that nobody knows
// ErrUnknownMechanism; nothing is left open. The other errors are
// *os.SyscallError.
func New(name string, o *Options) (Proactor, error) {
	for _, m := range mechanisms {
		if name == "" || m.Name == name {
			return m.New(o.withDefaults())
		}
	}
	switch name {
	case "", "io_uring", "iocp":
		return nil, unsupported(name, "no such completion mechanism is built for this system")
	}
	return nil, fmt.Errorf("%w: %q", ErrUnknownMechanism, name)
}

func unsupported(name, reason string) error {
	return &platform.UnsupportedError{
		Op: string(platform.NewProactorLoop), Loop: name, OS: runtime.GOOS,
		Reason: reason, Alternative: string(platform.NewSelectorLoop),
	}
}
