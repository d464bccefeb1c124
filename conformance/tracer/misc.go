package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"

	"github.com/tidemill-go/tidemill/conformance/trace"
)

// misc is what has no group of its own.
var misc = []trace.Scenario{{
	Name: "sendfile_order",
	Doc:  "Sendfile: what is buffered goes first, Write meanwhile is refused, reading is paused and restored, later writes follow.",
	Run: func(x *trace.X) {
		path := filepath.Join(x.Env.Tmp, "f")
		must(os.WriteFile(path, bytes.Repeat([]byte("F"), 1<<20), 0o600))
		x.TCP(trace.Hooks{})
		x.Made(1)
		p := x.Streams[0]
		sendfile := func(offset, count int64, what trace.Fields, meanwhile func()) {
			file := trace.Must(os.Open(path))
			defer file.Close()
			f := x.Loop.Sendfile(p.T, file, offset, count)
			meanwhile()
			sent, err := f.Await(x.Context())
			if err == nil {
				what = trace.Fields{"ret": sent}
			}
			x.Waited("sendfile", what, err)
			if count == 0 && err == nil {
				x.Emit("file", trace.Fields{"tell": trace.Must(file.Seek(0, io.SeekCurrent))})
			}
		}
		nothing := func() {}
		p.Write([]byte("head:"))
		sendfile(0, 0, nil, func() { p.Write([]byte("meanwhile")) })
		p.Probe()
		sendfile(1000, 24, nil, nothing)
		p.Write([]byte(":tail"))
		p.Close()
		sendfile(0, 0, trace.Fields{"what": "closing"}, nothing)
		x.Lost(1)
	},
}}
