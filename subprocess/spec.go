package subprocess

import (
	"os"

	"github.com/tidemill-go/tidemill/protocols"
)

// Spec says what to start and how. Its zero value starts nothing, as Path is
// missing; every other field may be left alone.
type Spec struct {
	// Path is the program. A name without a slash is looked for in the absolute
	// directories of PATH: Env's, if Env is set, as execvp does. A relative path
	// with a slash is relative to Dir.
	Path string

	// Args are the arguments, without argv[0].
	Args []string

	// Arg0 is argv[0]; empty means Path.
	Arg0 string

	// Env is the child's environment, as "name=value"; nil means the parent's.
	Env []string

	// Dir is the child's working directory; empty means the parent's.
	Dir string

	// Stdin, Stdout and Stderr are the standard streams: nil, Pipe, DevNull,
	// Inherit, an *os.File, and for Stderr also Stdout. Nil is a pipe to the
	// transport; with PTY it is the terminal.
	Stdin, Stdout, Stderr Stdio

	// ExtraFiles become the descriptors 3 and up of the child. They stay the
	// caller's. Nothing else of the parent's is inherited. A file that was
	// non-blocking is made blocking, as os/exec does.
	ExtraFiles []*os.File

	// NewSession makes the child the leader of a new session (setsid), and
	// NewProcessGroup that of a new process group (setpgid). ProcessGroup, if not
	// zero, is a group to join. At most one of the three; a PTY always has a new
	// session.
	NewSession      bool
	NewProcessGroup bool
	ProcessGroup    int

	// Credential is the user and group that the child runs as; nil means the
	// parent's.
	Credential *Credential

	// PTY gives the child a pseudo-terminal as its controlling terminal and, for
	// every stream that is nil, as that stream. Stdin and Stdout must then be nil.
	PTY *PTY
}

// Credential is a user, a group, and the supplementary groups; no others are
// kept.
type Credential struct {
	UID, GID uint32
	Groups   []uint32
}

// PTY asks for a pseudo-terminal.
type PTY struct {
	// Size is the first size of the window. Zero leaves the system's, which is
	// unknown as a rule.
	Size protocols.WindowSize
}
