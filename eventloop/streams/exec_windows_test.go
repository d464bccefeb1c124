package streams_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/streams"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/subprocess"
)

// scriptVariable tells this program to run a script instead of specs.
const scriptVariable = "TIDEMILL_SPEC_SCRIPT"

// TestMain also is the children of the specs of Exec.
func TestMain(m *testing.M) {
	if script := os.Getenv(scriptVariable); script != "" {
		os.Exit(runScript(script))
	}
	os.Exit(m.Run())
}

// child runs a script: commands behind each other and their redirections.
func child(script string) subprocess.Spec {
	self, err := os.Executable()
	if err != nil {
		panic(err) // a spec's task has nobody to expect
	}
	return subprocess.Spec{Path: self, Env: append(os.Environ(), scriptVariable+"="+script)}
}

const (
	megabyte      = "zeros 1048576"
	sixTimesSeven = "set /a 6*7"
	killed        = 1
)

// signals are ways to end a child, and the status that it has then.
var signals = []struct {
	send func(*streams.Process) error
	code int
}{
	{(*streams.Process).Terminate, killed},
	{(*streams.Process).Kill, killed},
	{func(p *streams.Process) error { return p.SendSignal(os.Kill) }, killed},
}

func runScript(script string) (status int) {
	for command := range strings.SplitSeq(script, "; ") {
		out := io.Writer(os.Stdout)
		var words []string
		for word := range strings.FieldsSeq(strings.TrimPrefix(command, "exec ")) {
			switch word {
			case ">&2":
				out = os.Stderr
			case ">/dev/null":
				out = io.Discard
			case "<&-":
				_ = os.Stdin.Close()
			default:
				words = append(words, word)
			}
		}
		if len(words) > 0 {
			status = runCommand(words[0], strings.Join(words[1:], " "), out)
		}
	}
	return status
}

func runCommand(name, argument string, out io.Writer) (status int) {
	var err error
	switch name {
	case "cat":
		_, err = io.Copy(out, os.Stdin)
	case "echo":
		_, err = fmt.Fprintln(out, argument)
	case "exit":
		status, _ = strconv.Atoi(argument)
		os.Exit(status)
	case "sleep":
		var d time.Duration
		d, err = time.ParseDuration(argument + "s")
		time.Sleep(d) // the child's own time, in which it does nothing
	case "zeros":
		var n int
		n, err = strconv.Atoi(argument)
		_, _ = out.Write(make([]byte, n))
	default:
		return 127
	}
	if err != nil {
		return 1
	}
	return 0
}

// execHereSpecs are about terminals, which there are none of.
func execHereSpecs(kind string) {
	It("refuses a terminal for a child", func(ctx context.Context) {
		w := newWorld(kind)
		spec := child("exit 0")
		spec.PTY = &subprocess.PTY{}
		p, err := streams.Exec(ctx, w.Loop, spec)
		Expect(p).To(BeNil())
		Expect(err).To(refusal(kind, platform.SubprocessPTY))
	}, bounded)
}
