package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
)

// endOfTransmission is ^D, which a terminal takes for the end of its input.
const endOfTransmission = 4

// client passes on what is typed at our terminal, and shows what the shell
// prints. It is the protocol of the connection.
type client struct {
	protocols.Base
	path   string
	window *window

	loop   *eventloop.Loop
	server protocols.Transport
	codec  decoder
	input  protocols.ReadPipe
	output protocols.WritePipe

	ended bool // the shell, with code
	code  int
	cause error // of the end of the connection
	lost  *eventloop.Future[struct{}]
}

// work is -connect: it returns the shell's exit status, 128 and its number for a
// signal, and 255 if that is not known.
func work(ctx context.Context, path string) (status int) {
	c := &client{path: path}
	err := c.work(ctx)
	switch {
	case !c.ended && err == nil:
		err = errors.New("the connection was lost")
		if c.cause != nil {
			err = c.cause
		}
		fallthrough
	case err != nil:
		fmt.Fprintln(os.Stderr, "shell:", err)
		return 255
	}
	if c.code < 0 {
		fmt.Fprintln(os.Stderr, outcome(c.code))
		return 128 - c.code
	}
	return c.code
}

// work leaves the terminal as it was, after the end of Run, which still shows what
// is left.
func (c *client) work(ctx context.Context) error {
	c.window = openWindow()
	defer c.window.close()
	return eventloop.Run(ctx, c.run)
}

func (c *client) run(ctx context.Context, loop *eventloop.Loop) error {
	c.loop, c.lost = loop, eventloop.NewFuture[struct{}](loop)
	factory := func() protocols.Protocol { return c }
	if _, err := loop.CreateConnection(factory, "unix", c.path, nil).Await(ctx); err != nil {
		return err
	}
	if err := c.connectTerminal(ctx); err != nil {
		return err
	}
	c.server.ResumeReading()
	_, err := c.lost.Await(ctx)
	return err
}

// connectTerminal takes our own terminal, or what is in its place, over.
func (c *client) connectTerminal(ctx context.Context) error {
	if err := c.window.onChange(c.loop, c.sendSize); err != nil {
		return err
	}
	if err := c.window.makeRaw(); err != nil {
		return err
	}
	out, err := c.loop.ConnectWritePipe(func() protocols.Protocol { return outputSide{c} }, os.Stdout).Await(ctx)
	if err != nil {
		return err
	}
	c.output = out.Transport
	in, err := c.loop.ConnectReadPipe(func() protocols.Protocol { return inputSide{client: c} }, os.Stdin).Await(ctx)
	if err != nil {
		return err
	}
	c.input = in.Transport
	return nil
}

// ConnectionMade begins to speak telnet. What the server says has to wait until
// there is a place for it.
func (c *client) ConnectionMade(t protocols.Transport) {
	c.server = t
	t.PauseReading()
	t.Write([]byte{iac, will, optionNAWS})
	c.sendSize()
}

func (c *client) sendSize() { c.server.Write(encodeSize(c.window.size())) }

// DataReceived is what the shell prints, and how it ends.
func (c *client) DataReceived(data []byte) { c.codec.decode(data, c) }

func (c *client) text(b []byte) { c.output.Write(b) }

// asked is the answer to our offer. What else a server may want we have not.
func (c *client) asked(verb, option byte) {
	switch {
	case option == optionNAWS:
	case verb == will:
		c.server.Write([]byte{iac, dont, option})
	case verb == do:
		c.server.Write([]byte{iac, wont, option})
	}
}

func (c *client) told(option byte, payload []byte) {
	if code, ok := decodeExit(payload); ok && option == optionExit {
		c.ended, c.code = true, code
	}
}

// PauseWriting rests our input while the server does not take it.
func (c *client) PauseWriting() {
	if c.input != nil {
		c.input.PauseReading()
	}
}

// ResumeWriting is its counterpart.
func (c *client) ResumeWriting() {
	if c.input != nil {
		c.input.ResumeReading()
	}
}

// ConnectionLost shows the rest and then ends.
func (c *client) ConnectionLost(err error) {
	c.cause = err
	if c.input != nil {
		c.input.Close()
	}
	if c.output == nil {
		c.lost.SetResult(struct{}{})
		return
	}
	c.output.Close()
}

// inputSide is the protocol of our input.
type inputSide struct {
	protocols.Base
	client *client
}

func (i inputSide) DataReceived(data []byte) { i.client.server.Write(escaped(data)) }

// EOFReceived types what ends the input of a program on the other side: ours was
// a file or a pipe, which has ended.
func (i inputSide) EOFReceived() (keepOpen bool) {
	i.client.server.Write([]byte{endOfTransmission})
	return false
}

// ConnectionLost with an error says that our terminal has gone.
func (i inputSide) ConnectionLost(err error) {
	if err != nil {
		i.client.server.Close()
	}
}

// outputSide is the protocol of our output.
type outputSide struct{ client *client }

func (o outputSide) ConnectionMade(protocols.Transport) {}
func (o outputSide) DataReceived([]byte)                {}
func (o outputSide) PauseWriting()                      { o.client.server.PauseReading() }
func (o outputSide) ResumeWriting()                     { o.client.server.ResumeReading() }

// ConnectionLost ends the work: everything is shown, or nobody looks.
func (o outputSide) ConnectionLost(error) {
	o.client.server.Close()
	o.client.lost.SetResult(struct{}{})
}
