package main

import (
	"encoding/json"
	"io"

	"github.com/tidemill-go/tidemill/platform"
)

// A row is one element of the array that -json prints.
type row struct {
	OS          string `json:"os"`
	Loop        string `json:"loop"`
	Operation   string `json:"operation"`
	Supported   bool   `json:"supported"`
	Reason      string `json:"reason"`
	Alternative string `json:"alternative"`
}

func printJSON(w io.Writer, tables []platform.Table) error {
	var rows []row
	for _, t := range tables {
		for _, c := range t.Capabilities() {
			rows = append(rows, row{
				OS:          t.Target().OS,
				Loop:        t.Target().Loop,
				Operation:   c.Operation.String(),
				Supported:   c.Supported,
				Reason:      c.Reason,
				Alternative: c.Alternative,
			})
		}
	}
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	return out.Encode(rows)
}
