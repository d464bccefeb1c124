// Package sh runs the little of the Unix shell that the children of the specs and
// of the conformance scenarios speak, where there is no /bin/sh.
package sh

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// A Shell runs scripts: commands with a semicolon behind each, $NAME and $0,
// the redirections ">&2" and ">/dev/null", streams that "<&-", ">&-" and "2>&-" close,
// exec, which is of no consequence, and a list in parentheses in the background,
// which has to come first. It belongs to one goroutine.
type Shell struct {
	Stdin, Stdout, Stderr *os.File

	// Background is the command that runs a script in a process of its own, to
	// which it is appended.
	Background []string

	// Commands are known beside those of the shell, and go before them.
	Commands map[string]Command

	// Inputs are opened by redirections of these names, once each.
	Inputs map[string]func() io.Reader

	inputs map[string]*bufio.Reader
	exited bool
}

// A Command returns its exit status.
type Command func(args []string, in *bufio.Reader, out io.Writer) (status int)

// NotFound is the status of a command that is not known, after which Run goes no
// further: a script of ours means all it says.
const NotFound = 127

// Run returns the exit status of the last command, or that of exit. It says on
// Stderr what it does not know or can not do.
func (s *Shell) Run(script string) (status int) {
	if list, rest, found := strings.Cut(script, ") & "); found {
		if err := s.start(strings.TrimPrefix(list, "(")); err != nil {
			return s.complain(list, err)
		}
		script = rest
	}
	s.exited = false
	for command := range strings.SplitSeq(script, ";") {
		if status = s.do(strings.Fields(command)); s.exited || status == NotFound {
			break
		}
	}
	return status
}

// start runs a script beside this one, on the same streams.
func (s *Shell) start(script string) error {
	cmd := exec.Command(s.Background[0], append(s.Background[1:], script)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.Stdin, s.Stdout, s.Stderr
	return cmd.Start()
}

// do runs one command behind its redirections.
func (s *Shell) do(words []string) (status int) {
	in, out := s.input("", func() io.Reader { return s.Stdin }), io.Writer(s.Stdout)
	var rest []string
	var closed error
	for _, word := range words {
		open, known := s.Inputs[word]
		switch {
		case known:
			in = s.input(word, open)
		case word == ">&2":
			out = s.Stderr
		case word == ">/dev/null":
			out = io.Discard
		case word == "<&-":
			closed = errors.Join(closed, s.Stdin.Close())
		case word == ">&-":
			closed = errors.Join(closed, s.Stdout.Close())
		case word == "2>&-":
			closed = errors.Join(closed, s.Stderr.Close())
		case word != "exec":
			rest = append(rest, os.Expand(word, value))
		}
	}
	switch {
	case closed != nil:
		return s.complain(words[0], closed)
	case len(rest) == 0:
		return 0
	}
	return s.call(rest[0], rest[1:], in, out)
}

// value is what stands behind a $.
func value(name string) string {
	if name == "0" {
		return os.Args[0]
	}
	return os.Getenv(name)
}

// input is a stream that keeps what a command has left of it.
func (s *Shell) input(name string, open func() io.Reader) *bufio.Reader {
	if s.inputs == nil {
		s.inputs = map[string]*bufio.Reader{}
	}
	if s.inputs[name] == nil {
		s.inputs[name] = bufio.NewReader(open())
	}
	return s.inputs[name]
}

func (s *Shell) complain(of string, err error) (status int) {
	fmt.Fprintf(s.Stderr, "sh: %s: %v\n", of, err)
	return NotFound
}
