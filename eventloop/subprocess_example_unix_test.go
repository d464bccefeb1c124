//go:build unix

package eventloop_test

import (
	"context"
	"fmt"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/subprocess"
)

// A child is given input and asked for everything that it says.
func Example_subprocess() {
	err := eventloop.Run(context.Background(), func(ctx context.Context, l *eventloop.Loop) error {
		c, err := l.SubprocessExec(subprocess.Held, subprocess.Spec{Path: "sort", Args: []string{"-r"}}).Await(ctx)
		if err != nil {
			return err
		}
		sorted, _, err := c.Transport.Communicate(ctx, []byte("a\nb\n"))
		if err != nil {
			return err
		}
		code, err := c.Transport.Wait(ctx)
		fmt.Printf("%sreturn code %d\n", sorted, code)
		return err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// b
	// a
	// return code 0
}

// printer prints what a child says, and its end.
type printer struct {
	protocols.SubprocessBase
	transport protocols.SubprocessTransport
	over      *eventloop.Future[int]
}

func (p *printer) ConnectionMade(t protocols.SubprocessTransport) { p.transport = t }

func (p *printer) PipeDataReceived(fd int, data []byte) { fmt.Printf("%d: %s", fd, data) }

func (p *printer) ConnectionLost(error) {
	code, _ := p.transport.ReturnCode()
	p.over.SetResult(code)
}

// A protocol hears of a child as it goes on.
func Example_subprocessProtocol() {
	err := eventloop.Run(context.Background(), func(ctx context.Context, l *eventloop.Loop) error {
		over := eventloop.NewFuture[int](l)
		newPrinter := func() protocols.SubprocessProtocol { return &printer{over: over} }
		spec := subprocess.Spec{Stdin: subprocess.DevNull, Stderr: subprocess.Stdout}
		if _, err := l.SubprocessShell(newPrinter, "echo said >&2; kill -TERM $$", spec).Await(ctx); err != nil {
			return err
		}
		code, err := over.Await(ctx)
		fmt.Println("return code", code)
		return err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// 1: said
	// return code -15
}
