package streams_test

import (
	"bufio"
	"context"
	"io"
	"os"
	"strconv"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/streams"
	"github.com/tidemill-go/tidemill/internal/sh"
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
	shell := sh.Shell{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Commands: map[string]sh.Command{"zeros": writeZeros},
	}
	return shell.Run(script)
}

func writeZeros(args []string, _ *bufio.Reader, out io.Writer) (status int) {
	n, err := strconv.Atoi(args[0])
	if err == nil {
		_, err = out.Write(make([]byte, n))
	}
	return sh.Status(err)
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
