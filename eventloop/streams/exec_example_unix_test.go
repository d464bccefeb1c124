//go:build unix

package streams_test

import (
	"context"
	"fmt"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/streams"
	"github.com/tidemill-go/tidemill/subprocess"
)

// What a command says, line by line.
func ExampleExec() {
	err := eventloop.Run(context.Background(), func(ctx context.Context, loop *eventloop.Loop) error {
		p, err := streams.Exec(ctx, loop, subprocess.Spec{Path: "printf", Args: []string{"one\\ntwo\\n"}})
		if err != nil {
			return err
		}
		for line, err := range p.Stdout.Lines(ctx) {
			fmt.Printf("%q %v\n", line, err)
		}
		code, err := p.Wait(ctx)
		fmt.Println("status", code)
		return err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// "one\n" <nil>
	// "two\n" <nil>
	// status 0
}
