package trace

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// A Sh does what the scripts of the scenarios say, as a child of the tracer, on
// systems without a /bin/sh: read, echo, sleep, exit, exec that closes or is
// followed by a command, ">&2", and a list in parentheses in the background,
// which has to come first.
type Sh struct {
	Stdin, Stdout, Stderr *os.File

	// Background is the command that runs a script in a process of its own, to
	// which it is appended.
	Background []string

	lines *bufio.Reader
}

// Run returns the exit status. It panics when it does not understand.
func (s *Sh) Run(script string) (status int) {
	if list, rest, found := strings.Cut(script, ") & "); found {
		s.start(strings.TrimPrefix(list, "("))
		script = rest
	}
	for command := range strings.SplitSeq(script, ";") {
		words := strings.Fields(command)
		if words[0] == "exit" {
			return number(words[1])
		}
		s.do(words)
	}
	return 0
}

func (s *Sh) start(script string) {
	cmd := exec.Command(s.Background[0], append(s.Background[1:], script)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.Stdin, s.Stdout, s.Stderr
	if err := cmd.Start(); err != nil {
		panic(err)
	}
}

func (s *Sh) do(words []string) {
	switch words[0] {
	case "read":
		s.read()
	case "echo":
		s.echo(words[1:])
	case "sleep":
		seconds := Must(strconv.ParseFloat(words[1], 64))
		time.Sleep(time.Duration(seconds * float64(time.Second)))
	case "exec":
		s.exec(words[1:])
	default:
		panic(fmt.Sprintf("trace: sh: %q is not understood", words))
	}
}

// read takes a line away; like that of a shell it does not mind the end of input.
func (s *Sh) read() {
	if s.lines == nil {
		s.lines = bufio.NewReader(s.Stdin)
	}
	_, _ = s.lines.ReadString('\n')
}

func (s *Sh) echo(words []string) {
	to := s.Stdout
	if last := len(words) - 1; words[last] == ">&2" {
		words, to = words[:last], s.Stderr
	}
	Must(to.WriteString(strings.Join(words, " ") + "\n"))
}

func (s *Sh) exec(words []string) {
	closing := map[string]*os.File{"<&-": s.Stdin, ">&-": s.Stdout, "2>&-": s.Stderr}
	if _, closes := closing[words[0]]; !closes {
		s.do(words)
		return
	}
	for _, word := range words {
		if err := closing[word].Close(); err != nil {
			panic(err)
		}
	}
}

func number(word string) int { return Must(strconv.Atoi(word)) }
