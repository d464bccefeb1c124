//go:build unix

package streams_test

import (
	"context"
	"io"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/streams"
	"github.com/tidemill-go/tidemill/subprocess"
)

// child runs a script.
func child(script string) subprocess.Spec {
	return subprocess.Spec{Path: "/bin/sh", Args: []string{"-c", script}}
}

const (
	megabyte      = "head -c 1048576 /dev/zero"
	sixTimesSeven = "echo $((6 * 7))"
	killed        = -int(syscall.SIGKILL)
)

// signals are ways to end a child, and the status that it has then.
var signals = []struct {
	send func(*streams.Process) error
	code int
}{
	{(*streams.Process).Terminate, -int(syscall.SIGTERM)},
	{(*streams.Process).Kill, killed},
	{func(p *streams.Process) error { return p.SendSignal(syscall.SIGUSR1) }, -int(syscall.SIGUSR1)},
}

// execHereSpecs are about terminals.
func execHereSpecs(kind string) {
	It("converses with a child on a terminal", func(ctx context.Context) {
		w := newWorld(kind)
		spec := child("read word; echo got $word; tty > /dev/null && echo tty")
		spec.PTY = &subprocess.PTY{}
		said, _, err := w.with(ctx, spec, func(ctx context.Context, p *streams.Process) (string, error) {
			if _, err := io.WriteString(p.Stdin, "hello\n"); err != nil {
				return "", err
			}
			all, err := p.Stdout.ReadAll(ctx)
			if err != nil {
				return "", err
			}
			return string(all), p.Stdin.WaitClosed(ctx)
		})
		Expect(err).NotTo(HaveOccurred())
		Expect(said).To(Equal("hello\r\ngot hello\r\ntty\r\n"))
	}, bounded)
}
