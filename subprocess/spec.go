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
	// with a slash is relative to Dir. On Windows a name without an extension gets
	// those of PATHEXT tried, and the working directory is not searched, either;
	// a batch file is cmd.exe's, which reads Args by rules of its own and can be
	// made to run parts of them.
	Path string

	// Args are the arguments, without argv[0].
	Args []string

	// Arg0 is argv[0]; empty means Path.
	Arg0 string

	// Env is the child's environment, as "name=value"; nil means the parent's.
	// Nothing is added to it: on Windows many programs need SYSTEMROOT.
	Env []string

	// Dir is the child's working directory; empty means the parent's.
	Dir string

	// Stdin, Stdout and Stderr are the standard streams: nil, Pipe, DevNull,
	// Inherit, an *os.File, and for Stderr also Stdout. Nil is a pipe to the
	// transport; with PTY it is the terminal.
	Stdin, Stdout, Stderr Stdio

	// ExtraFiles become the descriptors 3 and up of the child. They stay the
	// caller's. Nothing else of the parent's is inherited. A file that was
	// non-blocking is made blocking, as os/exec does. Not on Windows.
	ExtraFiles []*os.File

	// NewSession makes the child the leader of a new session (setsid), and
	// NewProcessGroup that of a new process group (setpgid). ProcessGroup, if not
	// zero, is a group to join. At most one of the three; a PTY always has a new
	// session. On Windows there is only NewProcessGroup, which makes the child one
	// that os.Interrupt can be sent to, and that does not hear of Ctrl-C.
	NewSession      bool
	NewProcessGroup bool
	ProcessGroup    int

	// Credential is the user and group that the child runs as; nil means the
	// parent's. Not on Windows.
	Credential *Credential

	// PTY gives the child a pseudo-terminal as its controlling terminal and, for
	// every stream that is nil, as that stream. Stdin and Stdout must then be nil.
	PTY *PTY

	shell bool // Path and Args are of Shell
}

// Shell returns s with what runs a command line: /bin/sh -c, or on Windows
// %COMSPEC% with its window hidden.
func (s Spec) Shell(cmdline string) Spec {
	s.Path, s.Args = shellOf(cmdline)
	s.shell = true
	return s
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
