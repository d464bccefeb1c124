package main

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"

	"github.com/tidemill-go/tidemill/platform"
)

// printText writes one table after the other, and in front what was asked of the
// running kernel if they are live.
func printText(w io.Writer, tables []platform.Table, live bool) error {
	out := bufio.NewWriter(w)
	if live {
		printProbes(out)
	}
	for i, t := range tables {
		if i > 0 {
			fmt.Fprintln(out)
		}
		printHeading(out, t)
		if err := printRows(out, t); err != nil {
			return err
		}
	}
	return out.Flush()
}

func printProbes(w io.Writer) {
	fmt.Fprintln(w, "this machine, asked now:")
	fmt.Fprintf(w, "  io_uring          %s\n", outcome(platform.IOUring()))
	fmt.Fprintf(w, "  pidfd             %s\n", outcome(platform.PidFD()))
	fmt.Fprintf(w, "  clock resolution  %v\n\n", platform.ClockResolution())
}

func outcome(err error) string {
	if err != nil {
		return "no: " + err.Error()
	}
	return "yes"
}

func printHeading(w io.Writer, t platform.Table) {
	target := t.Target()
	if target.Version == "" {
		target.Version = "(newest)"
	}
	fmt.Fprintln(w, target)
	usual, best := t.ClockResolution()
	fmt.Fprintf(w, "  clock: %v as a rule, %v at best; sockets: %s; descriptors: %s\n", usual, best,
		limit(t.Limits().MaxSockets, "at most "), limit(t.Limits().MaxFD, "below "))
}

func limit(n int, words string) string {
	if n == 0 {
		return "no limit"
	}
	return words + strconv.Itoa(n)
}

func printRows(w io.Writer, t platform.Table) error {
	rows := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range t.Capabilities() {
		answer := "no"
		if c.Supported {
			answer = "yes"
		}
		fmt.Fprintf(rows, "  %s\t%s", c.Operation, answer)
		if c.Reason != "" {
			fmt.Fprintf(rows, "\t%s", c.Reason)
		}
		if c.Alternative != "" {
			fmt.Fprintf(rows, "; use %s", c.Alternative)
		}
		fmt.Fprintln(rows)
	}
	return rows.Flush()
}
