package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"os"
	"text/tabwriter"
	"time"

	"github.com/tidemill-go/tidemill/eventloop"
)

const (
	checkSize    = 1 << 20
	checkTimeout = 20 * time.Second
)

// probe is one line of the table.
type probe struct {
	network, address string
	echoed           int
	took             time.Duration
	err              error
}

// check serves, sends checkSize bytes through every transport with an ordinary
// client beside the loop, and returns the exit status.
func check(ctx context.Context, o *options) int {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	probes := make(chan []probe, 1)
	kind := ""
	o.ready = func(s *eventloop.Server) {
		kind = s.Loop().Kind()
		go func() {
			defer cancel()
			var all []probe
			for _, a := range s.Addrs() {
				all = append(all, echoThrough(a))
			}
			probes <- all
		}()
	}
	if err := eventloop.Run(ctx, o.serve); err != nil && !errors.Is(err, context.Canceled) {
		log.Print(err)
		return 1
	}
	select {
	case all := <-probes:
		return report(kind, all)
	default: // interrupted
		log.Print("check: ", context.Cause(ctx))
		return 1
	}
}

// echoThrough sends from one goroutine and receives on another, as a client
// must that sends more than all buffers on the way hold.
func echoThrough(a net.Addr) (p probe) {
	p = probe{network: a.Network(), address: a.String()}
	began := time.Now()
	defer func() { p.took = time.Since(began) }()
	conn, err := net.DialTimeout(p.network, p.address, checkTimeout)
	if err != nil {
		p.err = err
		return p
	}
	defer conn.Close()
	conn.SetDeadline(began.Add(checkTimeout))
	want := make([]byte, checkSize)
	for i := range want {
		want[i] = byte(rand.Uint32())
	}
	sent := make(chan error, 1)
	go func() {
		_, err := conn.Write(want)
		if half, ok := conn.(interface{ CloseWrite() error }); ok && err == nil {
			err = half.CloseWrite()
		}
		sent <- err
	}()
	got, err := io.ReadAll(conn)
	p.echoed = len(got)
	if p.err = errors.Join(err, <-sent); p.err == nil && !bytes.Equal(got, want) {
		p.err = errors.New("what came back is not what was sent")
	}
	return p
}

func report(kind string, probes []probe) (status int) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	defer w.Flush()
	fmt.Fprintln(w, "LOOP\tTRANSPORT\tADDRESS\tSENT\tECHOED\tTIME\tRESULT")
	for _, p := range probes {
		result := "ok"
		if p.err != nil {
			result, status = p.err.Error(), 1
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%v\t%s\n", kind, p.network, p.address, checkSize, p.echoed, p.took.Round(time.Microsecond), result)
	}
	return status
}
