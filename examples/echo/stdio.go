package main

import (
	"context"
	"os"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
)

// output is what goes to stdout. A reader that is slow makes stdin wait.
type output struct {
	protocols.Base
	transport protocols.Transport
	input     protocols.ReadPipe // nil until stdin is connected
	lost      func()
}

func (o *output) ConnectionMade(t protocols.Transport) { o.transport = t }
func (o *output) PauseWriting()                        { o.input.PauseReading() }
func (o *output) ResumeWriting()                       { o.input.ResumeReading() }

func (o *output) ConnectionLost(error) {
	if o.input != nil {
		o.input.Close()
	}
	o.lost()
}

// input is what comes from stdin; its end closes stdout behind the last byte.
type input struct {
	protocols.Base
	to *output
}

func (i *input) DataReceived(data []byte) { i.to.transport.Write(data) }
func (i *input) ConnectionLost(error)     { i.to.transport.Close() }

// serveStdio echoes stdin to stdout and calls ended once stdout is closed.
func serveStdio(ctx context.Context, loop *eventloop.Loop, ended func()) error {
	out := &output{lost: ended}
	writing, err := loop.ConnectWritePipe(func() protocols.Protocol { return out }, os.Stdout).Await(ctx)
	if err != nil {
		return err
	}
	reading, err := loop.ConnectReadPipe(func() protocols.Protocol { return &input{to: out} }, os.Stdin).Await(ctx)
	if err != nil {
		writing.Transport.Close()
		return err
	}
	out.input = reading.Transport
	return nil
}
