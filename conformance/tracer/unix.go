package main

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"

	"github.com/tidemill-go/tidemill/conformance/trace"
	"github.com/tidemill-go/tidemill/eventloop"
)

// serveUnix serves on a path and waits for the server.
func serveUnix(x *trace.X, path string, hooks trace.Hooks) (*eventloop.Server, error) {
	return x.Loop.CreateServer(x.Factory(hooks), "unix", path, nil).Await(x.Context())
}

func helloUnix(x *trace.X, path string) { x.Hello("unix", trace.Fields{"path": path}) }

func unixName(addr any) string { return addr.(*net.UnixAddr).Name }

// reply answers everything with one byte.
func reply(with string) trace.Hooks {
	return trace.Hooks{Data: func(p *trace.Stream, _ []byte) { p.Write([]byte(with)) }}
}

// unix is about stream sockets of Unix.
var unix = []trace.Scenario{{
	Name: "unix_echo",
	Doc:  "Echo over a Unix socket: sockname is the path, peername empty, and the file is there.",
	Run: func(x *trace.X) {
		path := filepath.Join(x.Env.Tmp, "s")
		trace.Must(serveUnix(x, path, trace.Hooks{
			Made: func(p *trace.Stream) {
				x.Emit("extra", trace.Fields{
					"sockname": unixName(p.T.ExtraInfo("sockname")) == path,
					"peername": unixName(p.T.ExtraInfo("peername")) != "",
				})
			},
			Data: echo,
		}))
		helloUnix(x, path)
		x.Emit("file", trace.Fields{"is_socket": trace.Must(os.Stat(path)).Mode()&fs.ModeSocket != 0})
		x.Lost(1)
	},
}, {
	Name: "unix_path_cleanup",
	Doc:  "Close removes the socket file.",
	Run: func(x *trace.X) {
		path := filepath.Join(x.Env.Tmp, "s")
		s := trace.Must(serveUnix(x, path, trace.Hooks{}))
		helloUnix(x, path)
		s.Close()
		_, err := os.Stat(path)
		x.Emit("file", trace.Fields{"exists": !errors.Is(err, fs.ErrNotExist)})
	},
}, {
	Name: "unix_stale_path",
	Doc:  "A stale socket file, where nobody listens, is replaced; one that a live server has is not.",
	Run: func(x *trace.X) {
		path := filepath.Join(x.Env.Tmp, "s")
		dead := trace.Must(net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"}))
		dead.SetUnlinkOnClose(false)
		must(dead.Close())
		for _, byte := range []string{"1", "2"} {
			_, err := serveUnix(x, path, reply(byte))
			x.Waited("create_unix_server", nil, err)
		}
		helloUnix(x, path)
		x.Lost(1)
	},
}, {
	Name: "unix_path_is_file",
	Doc:  "A path that is a regular file is left alone: EADDRINUSE.",
	Run: func(x *trace.X) {
		path := filepath.Join(x.Env.Tmp, "f")
		must(os.WriteFile(path, []byte("precious"), 0o600))
		x.Ready()
		_, err := serveUnix(x, path, trace.Hooks{})
		x.Waited("create_unix_server", nil, err)
		x.Emit("file", trace.Fields{"size": trace.Must(os.Stat(path)).Size()})
		_, err = serveUnix(x, filepath.Join(x.Env.Tmp, "no", "such", "dir"), trace.Hooks{})
		x.Waited("create_unix_server", nil, err)
	},
}}
