package eventloop_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/subprocess"
)

// A child is given input and asked for everything that it says.
func Example_subprocess() {
	err := eventloop.Run(context.Background(), func(ctx context.Context, l *eventloop.Loop) error {
		c, err := l.SubprocessShell(subprocess.Held, `find "b"`, subprocess.Spec{}).Await(ctx)
		if err != nil {
			return err
		}
		found, _, err := c.Transport.Communicate(ctx, []byte("abc\r\nxyz\r\n"))
		if err != nil {
			return err
		}
		code, err := c.Transport.Wait(ctx)
		fmt.Printf("%s\nreturn code %d\n", strings.TrimSpace(string(found)), code)
		return err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// abc
	// return code 0
}

// printer prints what a child says, and its end.
type printer struct {
	protocols.SubprocessBase
	transport protocols.SubprocessTransport
	over      *eventloop.Future[int]
}

func (p *printer) ConnectionMade(t protocols.SubprocessTransport) { p.transport = t }

func (p *printer) PipeDataReceived(fd int, data []byte) {
	fmt.Printf("%d: %s\n", fd, strings.TrimSpace(string(data)))
	_ = p.transport.Kill()
}

func (p *printer) ConnectionLost(error) {
	code, _ := p.transport.ReturnCode()
	p.over.SetResult(code)
}

// A protocol hears of a child as it goes on.
func Example_subprocessProtocol() {
	err := eventloop.Run(context.Background(), func(ctx context.Context, l *eventloop.Loop) error {
		over := eventloop.NewFuture[int](l)
		newPrinter := func() protocols.SubprocessProtocol { return &printer{over: over} }
		// The child waits for a line that does not come.
		if _, err := l.SubprocessShell(newPrinter, "echo said 1>&2 & set /p line=", subprocess.Spec{}).Await(ctx); err != nil {
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
	// 2: said
	// return code 1
}
