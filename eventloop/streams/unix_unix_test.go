//go:build unix

package streams_test

import (
	"context"
	"net"
	"path/filepath"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/net/nettest"

	"github.com/tidemill-go/tidemill/eventloop/looptest"
	"github.com/tidemill-go/tidemill/eventloop/streams"
)

// TestUnixConn is TestConn over Unix sockets.
func TestUnixConn(t *testing.T) {
	for _, kind := range looptest.Kinds() {
		t.Run(kind, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "s")
			nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
				return pipe(kind, "unix", path, nil, nil)
			})
		})
	}
}

func unixSpecs(kind string) {
	Describe("on Unix sockets", func() {
		var w *world
		BeforeEach(func() { w = newWorld(kind) })

		Describe("StartServer", func() {
			It("serves Unix sockets", func(ctx context.Context) {
				path := filepath.Join(GinkgoT().TempDir(), "s")
				s, err := streams.StartServer(w.Loop, echoLines, "unix", path, nil).Await(ctx)
				Expect(err).NotTo(HaveOccurred())
				defer w.on(ctx, s.Close)
				Expect(in(ctx, w, func(ctx context.Context) (string, error) {
					r, out, err := streams.OpenConnection(ctx, w.Loop, "unix", path, nil)
					if err != nil {
						return "", err
					}
					_, _ = out.Write([]byte("hello\n"))
					_ = out.WriteEOF()
					return readAll(ctx, r)
				})).To(Equal("hello\n"))
			}, bounded)
		})

		Describe("PacketConn", func() {
			It("serves Unix datagram sockets", func(ctx context.Context) {
				folder := GinkgoT().TempDir()
				c, err := streams.ListenPacket(ctx, w.Loop, "unixgram", filepath.Join(folder, "a"), nil)
				Expect(err).NotTo(HaveOccurred())
				defer func() { _ = c.Close() }()
				peer, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(folder, "b"), Net: "unixgram"})
				Expect(err).NotTo(HaveOccurred())
				defer func() { _ = peer.Close() }()
				Expect(c.WriteTo([]byte("hello"), peer.LocalAddr())).To(Equal(5))
				p := make([]byte, 10)
				n, from, err := peer.ReadFrom(p)
				Expect(err).NotTo(HaveOccurred())
				Expect(peer.WriteTo(p[:n], from)).To(Equal(5))
				n, from, err = c.ReadFrom(p)
				Expect(err).NotTo(HaveOccurred())
				Expect(n).To(Equal(5))
				Expect(from.String()).To(Equal(peer.LocalAddr().String()))
			}, bounded)
		})
	})
}
