package subprocess

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// Check reports what is wrong with a Spec, without touching anything: an error
// that is os.ErrInvalid for combinations that mean nothing and for a value that
// the system could not be told, os.ErrClosed for a closed file,
// errors.ErrUnsupported for what this system does not have.
func (s *Spec) Check() error {
	switch {
	case s.Path == "":
		return invalid("Spec without a Path")
	case s.ProcessGroup < 0:
		return invalid("ProcessGroup %d", s.ProcessGroup)
	}
	for _, check := range []func() error{s.checkStrings, s.checkGroups, s.checkTerminal, s.checkStreams, s.checkSystem} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// CheckShell is Check for a shell's command line.
func (s *Spec) CheckShell(cmdline string) error {
	if s.Path != "" || s.Arg0 != "" || len(s.Args) > 0 {
		return invalid("Path, Arg0 and Args of a shell are not the caller's")
	}
	shell := s.Shell(cmdline)
	return shell.Check()
}

// checkStrings looks for the byte that ends a string for the kernel.
func (s *Spec) checkStrings() error {
	for _, group := range [][]string{{s.Path, s.Arg0, s.Dir}, s.Args, s.Env} {
		for _, text := range group {
			if strings.ContainsRune(text, 0) {
				return invalid("NUL byte in %q", text)
			}
		}
	}
	return nil
}

func (s *Spec) checkGroups() error {
	asked := 0
	for _, wish := range []bool{s.NewSession, s.NewProcessGroup, s.ProcessGroup != 0} {
		if wish {
			asked++
		}
	}
	switch {
	case asked > 1:
		return invalid("more than one of NewSession, NewProcessGroup and ProcessGroup")
	case s.PTY != nil && asked > 0 && !s.NewSession:
		return invalid("a PTY has a new session, and a process group with it")
	}
	return nil
}

func (s *Spec) checkTerminal() error {
	if s.PTY != nil && (s.Stdin != nil || s.Stdout != nil) {
		return invalid("Stdin and Stdout of a child with a PTY are the terminal")
	}
	return nil
}

func (s *Spec) checkStreams() error {
	for i, stream := range [...]Stdio{s.Stdin, s.Stdout, s.Stderr} {
		if err := checkStream(stream, i == 2); err != nil {
			return fmt.Errorf("%s: %w", [...]string{"Stdin", "Stdout", "Stderr"}[i], err)
		}
	}
	for i, file := range s.ExtraFiles {
		if err := checkFile(file); err != nil {
			return fmt.Errorf("ExtraFiles[%d]: %w", i, err)
		}
	}
	return nil
}

func checkStream(stream Stdio, isStderr bool) error {
	switch stream := stream.(type) {
	case nil:
		return nil
	case *os.File:
		return checkFile(stream)
	case Redirect:
		if stream > Stdout || stream == Stdout && !isStderr {
			return invalid("%v", stream)
		}
		return nil
	}
	return invalid("a %T is no Stdio", stream)
}

// checkFile finds a closed file: package os would pass it on as a stream that the
// child does not have.
func checkFile(file *os.File) error {
	if file == nil {
		return invalid("nil file")
	}
	raw, err := file.SyscallConn()
	if err == nil && raw.Control(func(uintptr) {}) != nil {
		err = os.ErrClosed // package os shows an error of its own here
	}
	if err != nil {
		return fmt.Errorf("%s: %w", file.Name(), err)
	}
	return nil
}

// Clone returns a copy that shares no memory with s: a child may be started
// later than it was asked for. Files are the same.
func (s Spec) Clone() Spec {
	s.Args, s.Env = slices.Clone(s.Args), slices.Clone(s.Env)
	s.ExtraFiles = slices.Clone(s.ExtraFiles)
	if s.Credential != nil {
		c := *s.Credential
		c.Groups = slices.Clone(c.Groups)
		s.Credential = &c
	}
	if s.PTY != nil {
		pty := *s.PTY
		s.PTY = &pty
	}
	return s
}
