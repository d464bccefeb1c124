package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
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
	served
	echoed int
	took   time.Duration
	err    error
}

// check serves, sends checkSize bytes through every transport with ordinary
// clients beside the loop, and returns the exit status.
func check(ctx context.Context, o *options) int {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	stdio := o.stdio // served by a child: this process's own are for people
	o.stdio = false
	checked := make(chan report, 1)
	o.ready = func(h *hello) {
		go func() {
			defer cancel()
			checked <- probeAll(ctx, o, h, stdio)
		}()
	}
	if err := eventloop.Run(ctx, o.serve); err != nil && !errors.Is(err, context.Canceled) {
		log.Print(err)
		return 1
	}
	select {
	case r := <-checked:
		return r.print()
	default: // interrupted
		log.Print("check: ", context.Cause(ctx))
		return 1
	}
}

// report is the table.
type report struct {
	loop    string
	probes  []probe
	refused []error
}

func probeAll(ctx context.Context, o *options, h *hello, stdio bool) report {
	r := report{loop: h.Loop, refused: h.refused}
	for _, t := range h.transports() {
		switch t.network {
		case "udp":
			r.probes = append(r.probes, probeDatagrams(t))
		case "tls":
			dialer := &tls.Dialer{Config: pinned(h.certificate)}
			r.probes = append(r.probes, probeStream(t, func() (net.Conn, error) { return dialer.DialContext(ctx, "tcp", t.address) }))
		default:
			r.probes = append(r.probes, probeStream(t, func() (net.Conn, error) {
				return net.DialTimeout(t.network, t.address, checkTimeout)
			}))
		}
	}
	if stdio {
		r.probes = append(r.probes, probeStdio(ctx, o))
	}
	return r
}

func (r report) print() (status int) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	defer w.Flush()
	fmt.Fprintln(w, "LOOP\tTRANSPORT\tADDRESS\tSENT\tECHOED\tTIME\tRESULT")
	for _, p := range r.probes {
		result := "ok"
		if p.err != nil {
			result, status = p.err.Error(), 1
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%v\t%s\n", r.loop, p.network, p.address, checkSize, p.echoed, p.took.Round(time.Microsecond), result)
	}
	for _, err := range r.refused {
		fmt.Fprintln(w, "refused:", err)
	}
	return status
}
