package eventloop_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/windows"
)

// script is a program that runs a few words of the Unix shell: commands behind
// each other, their redirections, and a subshell in front that goes on by itself.
type script struct {
	in, gate *bufio.Reader
	status   int
}

// runShell is the helper program: -c and a script.
func runShell() error {
	text := os.Args[2]
	s := &script{in: bufio.NewReader(os.Stdin)}
	if rest, ok := strings.CutPrefix(text, "("); ok {
		inner, rest, _ := strings.Cut(rest, ") & ")
		if err := fork(inner); err != nil {
			return err
		}
		text = rest
	}
	for command := range strings.SplitSeq(text, "; ") {
		if err := s.run(strings.TrimPrefix(command, "exec ")); err != nil {
			return fmt.Errorf("%s: %w", command, err)
		}
	}
	os.Exit(s.status)
	return nil
}

// sayArgument is the helper program that says what it was called with.
func sayArgument() error {
	_, err := fmt.Print(os.Args[1])
	return err
}

// fork starts a script beside this one, on the same streams.
func fork(text string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, "-c", text)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd.Start()
}

func (s *script) run(command string) (err error) {
	in, out := s.in, io.Writer(os.Stdout)
	var words []string
	for word := range strings.FieldsSeq(command) {
		switch word {
		case "<&3":
			in = s.behind()
		case ">&2":
			out = os.Stderr
		case ">/dev/null":
			out = io.Discard
		case "<&-":
			return os.Stdin.Close()
		case ">&-":
			err = errors.Join(err, os.Stdout.Close())
		case "2>&-":
			err = errors.Join(err, os.Stderr.Close())
		default:
			words = append(words, os.ExpandEnv(strings.ReplaceAll(word, "$0", os.Args[0])))
		}
	}
	if len(words) == 0 {
		return err
	}
	s.status, err = s.call(words[0], words[1:], in, out)
	return err
}

// behind is the gate. One that was closed before is the end of a file.
func (s *script) behind() *bufio.Reader {
	if s.gate == nil {
		s.gate = bufio.NewReader(strings.NewReader(""))
		if conn, err := net.DialTimeout("tcp", os.Getenv(gateVariable), 30*time.Second); err == nil {
			s.gate.Reset(conn)
		}
	}
	return s.gate
}

func (s *script) call(name string, args []string, in *bufio.Reader, out io.Writer) (status int, err error) {
	switch name {
	case "exit":
		status, _ = strconv.Atoi(args[0])
		os.Exit(status)
	case "echo":
		_, err = fmt.Fprintln(out, strings.Join(args, " "))
	case "read":
		if _, failed := in.ReadBytes('\n'); failed != nil {
			status = 1
		}
	case "cat":
		_, err = io.Copy(out, in)
		if in == s.gate {
			err = nil // however it has ended
		}
	case "tee":
		_, err = io.Copy(io.MultiWriter(out, os.Stderr), in)
	case "sort":
		err = sortLines(in, out)
	case "lines":
		status, _ = strconv.Atoi(args[0])
		for i := range status {
			fmt.Fprintln(out, "line", i)
		}
		status = 0
	case "speak":
		n, _ := strconv.Atoi(args[0])
		_, err = fmt.Fprintf(out, "%0*d", chatter, n)
	case "sleep":
		var d time.Duration
		d, err = time.ParseDuration(args[0] + "s")
		time.Sleep(d)
	case "pwd":
		var dir string
		dir, err = os.Getwd()
		fmt.Fprintln(out, dir)
	case "test": // ! -t 1
		var mode uint32
		if windows.GetConsoleMode(windows.Handle(os.Stdout.Fd()), &mode) == nil {
			status = 1
		}
	default:
		err = exec.ErrNotFound
	}
	return status, err
}

func sortLines(in io.Reader, out io.Writer) error {
	all, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	lines := slices.Collect(bytes.Lines(all))
	slices.SortFunc(lines, bytes.Compare)
	_, err = out.Write(bytes.Join(lines, nil))
	return err
}
