package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"time"
)

// trial is what a probe sends and the clock that runs meanwhile.
type trial struct {
	probe
	want  []byte
	began time.Time
}

func begin(t served) *trial {
	want := make([]byte, checkSize)
	for i := range want {
		want[i] = byte(rand.Uint32())
	}
	return &trial{probe: probe{served: t}, want: want, began: time.Now()}
}

// end compares and stops the clock.
func (t *trial) end(got []byte, errs ...error) probe {
	t.took = time.Since(t.began)
	t.echoed = len(got)
	if t.err = errors.Join(errs...); t.err == nil && !bytes.Equal(got, t.want) {
		t.err = errors.New("what came back is not what was sent")
	}
	return t.probe
}

// probeStream sends from one goroutine and receives on another, as a client
// must that sends more than all buffers on the way hold.
func probeStream(s served, dial func() (net.Conn, error)) probe {
	t := begin(s)
	conn, err := dial()
	if err != nil {
		return t.end(nil, err)
	}
	defer conn.Close()
	conn.SetDeadline(t.began.Add(checkTimeout))
	sent := make(chan error, 1)
	go func() {
		_, err := conn.Write(t.want)
		sent <- errors.Join(err, conn.(interface{ CloseWrite() error }).CloseWrite())
	}()
	got, err := io.ReadAll(conn)
	return t.end(got, err, <-sent)
}

const (
	datagramSize = 1 << 10

	// flight is how many datagrams may be on their way: all of them fit the
	// kernel's smallest buffers, so that none is dropped.
	flight = 16
)

// probeDatagrams sends and receives flight by flight.
func probeDatagrams(s served) probe {
	t := begin(s)
	conn, err := net.Dial(t.network, t.address)
	if err != nil {
		return t.end(nil, err)
	}
	defer conn.Close()
	conn.SetDeadline(t.began.Add(checkTimeout))
	var got []byte
	buffer := make([]byte, 2*datagramSize)
	for rest := t.want; len(rest) > 0; {
		var n int
		for n = 0; n < flight && len(rest) > 0; n++ {
			if _, err := conn.Write(rest[:datagramSize]); err != nil {
				return t.end(got, err)
			}
			rest = rest[datagramSize:]
		}
		for ; n > 0; n-- {
			size, err := conn.Read(buffer)
			if err != nil {
				return t.end(got, err)
			}
			got = append(got, buffer[:size]...)
		}
	}
	return t.end(got)
}

// probeStdio runs this program once more as a filter.
func probeStdio(ctx context.Context, o *options) probe {
	t := begin(served{"stdio", "a pipe each"})
	self, err := os.Executable()
	if err != nil {
		return t.end(nil, err)
	}
	cmd := exec.CommandContext(ctx, self, "-stdio", "-loop", o.loop, "-selector", o.selector)
	cmd.Stdin = bytes.NewReader(t.want)
	var got, messages bytes.Buffer
	cmd.Stdout, cmd.Stderr = &got, &messages
	if err := cmd.Run(); err != nil {
		return t.end(got.Bytes(), fmt.Errorf("%w: %s", err, bytes.TrimSpace(messages.Bytes())))
	}
	return t.end(got.Bytes())
}
