package selector

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/tidemill-go/tidemill/platform"
)

// A Mechanism is one way to wait, under the name that a configuration uses.
type Mechanism struct {
	// Name is "epoll", "kqueue", "poll" or "select".
	Name string

	// New makes a selector, the caller's to Close. It fails with an
	// *os.SyscallError when the process has no descriptors left (EMFILE,
	// ENFILE), and as ErrDescriptorTooLarge says; on Windows also when no
	// connection over loopback can be made, by which select is woken there.
	New func() (Selector, error)
}

// elsewhere says why a mechanism that some system has may be missing on this
// one. It is consulted only for names that are not in the system's own table.
var elsewhere = map[string]string{
	"epoll":  "epoll is Linux's own",
	"kqueue": "kqueue belongs to macOS and the BSDs",
	"poll":   "poll is implemented for Unix systems only",
	"select": "select is implemented for Unix systems and Windows only",
}

// Mechanisms returns what this system has, best first. The slice is the
// caller's; it is empty where there is none.
func Mechanisms() []Mechanism {
	return slices.Clone(mechanisms)
}

// New makes a selector of the named mechanism; the empty name means this
// system's best. The selector is the caller's to Close.
//
// A mechanism of another system is a *platform.UnsupportedError, a name that
// nobody knows is ErrUnknownMechanism; nothing was opened in either case. For
// the other errors see Mechanism.New.
func New(name string) (Selector, error) {
	for _, m := range mechanisms {
		if name == "" || m.Name == name {
			return m.New()
		}
	}
	if reason, known := elsewhere[name]; known {
		return nil, unsupported(name, reason)
	}
	if name == "" {
		return nil, unsupported("selector", "no readiness mechanism is implemented for this system")
	}
	return nil, fmt.Errorf("%w: %q (this system has: %s)", ErrUnknownMechanism, name, names())
}

func unsupported(loop, reason string) error {
	alternative := "NewProactorLoop"
	if len(mechanisms) > 0 {
		alternative = mechanisms[0].Name
	}
	return &platform.UnsupportedError{
		Op: "NewSelectorLoop", Loop: loop, OS: runtime.GOOS,
		Reason: reason, Alternative: alternative,
	}
}

func names() string {
	if len(mechanisms) == 0 {
		return "none"
	}
	list := make([]string, len(mechanisms))
	for i, m := range mechanisms {
		list[i] = m.Name
	}
	return strings.Join(list, ", ")
}
