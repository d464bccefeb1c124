package eventloop_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/windows"

	"github.com/tidemill-go/tidemill/internal/sh"
)

// runShell is the helper program: -c and a script.
func runShell() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	shell := sh.Shell{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Background: []string{self, "-c"},
		Commands:   shellCommands,
		Inputs:     map[string]func() io.Reader{"<&3": behindGate},
	}
	os.Exit(shell.Run(os.Args[2]))
	return nil
}

// sayArgument is the helper program that says what it was called with.
func sayArgument() error {
	_, err := fmt.Print(os.Args[1])
	return err
}

// behindGate is what comes through the gate. One that was closed before is the end
// of a file, and so is the end of a connection, however it has ended.
func behindGate() io.Reader {
	conn, err := net.DialTimeout("tcp", os.Getenv(gateVariable), 30*time.Second)
	if err != nil {
		return strings.NewReader("")
	}
	return peaceful{conn}
}

type peaceful struct{ net.Conn }

func (p peaceful) Read(b []byte) (n int, err error) {
	if n, err = p.Conn.Read(b); err != nil {
		err = io.EOF
	}
	return n, err
}

// shellCommands are those of the scripts that are none of a shell.
var shellCommands = map[string]sh.Command{
	"tee": func(_ []string, in *bufio.Reader, out io.Writer) (status int) {
		_, err := io.Copy(io.MultiWriter(out, os.Stderr), in)
		return sh.Status(err)
	},
	"sort": func(_ []string, in *bufio.Reader, out io.Writer) (status int) {
		return sh.Status(sortLines(in, out))
	},
	"lines": func(args []string, _ *bufio.Reader, out io.Writer) (status int) {
		n, err := strconv.Atoi(args[0])
		for i := range n {
			fmt.Fprintln(out, "line", i)
		}
		return sh.Status(err)
	},
	"speak": func(args []string, _ *bufio.Reader, out io.Writer) (status int) {
		n, _ := strconv.Atoi(args[0])
		_, err := fmt.Fprintf(out, "%0*d", chatter, n)
		return sh.Status(err)
	},
	"pwd": func(_ []string, _ *bufio.Reader, out io.Writer) (status int) {
		dir, err := os.Getwd()
		fmt.Fprintln(out, dir)
		return sh.Status(err)
	},
	"test": func([]string, *bufio.Reader, io.Writer) (status int) { // ! -t 1
		var mode uint32
		if windows.GetConsoleMode(windows.Handle(os.Stdout.Fd()), &mode) == nil {
			return 1
		}
		return 0
	},
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
