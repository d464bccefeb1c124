package sh

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

func (s *Shell) call(name string, args []string, in *bufio.Reader, out io.Writer) (status int) {
	if command, known := s.Commands[name]; known {
		return command(args, in, out)
	}
	switch name {
	case "exit":
		s.exited = true
		return s.number(name, args)
	case "sleep":
		return s.sleep(args)
	case "read":
		_, err := in.ReadBytes('\n')
		return Status(err)
	case "echo":
		_, err := fmt.Fprintln(out, strings.Join(args, " "))
		return Status(err)
	case "cat":
		_, err := io.Copy(out, in)
		return Status(err)
	}
	return s.complain(name, exec.ErrNotFound)
}

func (s *Shell) number(name string, args []string) (n int) {
	n, err := strconv.Atoi(strings.Join(args, " "))
	if err != nil {
		return s.complain(name, err)
	}
	return n
}

func (s *Shell) sleep(args []string) (status int) {
	d, err := time.ParseDuration(strings.Join(args, " ") + "s")
	if err != nil {
		return s.complain("sleep", err)
	}
	time.Sleep(d)
	return 0
}

// Status is the exit status of a command that has ended in err: 0 if it is nil,
// otherwise 1.
func Status(err error) int {
	if err != nil {
		return 1
	}
	return 0
}
