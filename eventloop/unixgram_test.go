//go:build unix

package eventloop_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

// unixgramPeer is a socket of package net at a path, or at none.
func unixgram(path string) *net.UnixAddr { return &net.UnixAddr{Name: path, Net: "unixgram"} }

func unixgramPeer(path string) *net.UnixConn {
	GinkgoHelper()
	c, err := net.ListenUnixgram("unixgram", unixgram(path))
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { _ = c.Close() })
	return c
}

// deadUnixgram leaves the file of a socket that is gone.
func deadUnixgram(path string) {
	GinkgoHelper()
	fd, err := platform.OpenSocket(syscall.AF_UNIX, syscall.SOCK_DGRAM)
	Expect(err).NotTo(HaveOccurred())
	Expect(platform.Bind(fd, platform.UnixSockaddr(path))).To(Succeed())
	Expect(platform.CloseFD(fd)).To(Succeed())
}

func unixgramSpecs(kind string) {
	Describe("a Unix datagram endpoint", func() {
		at := func(path string) eventloop.DatagramConfig {
			return eventloop.DatagramConfig{Network: "unixgram", LocalAddr: path}
		}

		It("echoes to a path, and takes its own file away at the end", func(ctx SpecContext) {
			w, p, path := newRealWorld(kind), replying(), socketPath()
			w.background()
			t := datagramEndpoint(ctx, w, p, at(path))
			Expect(t.LocalAddr()).To(Equal(unixgram(path)))
			peer := unixgramPeer(path + "p")
			says(peer, t.LocalAddr(), "hello", "", strings.Repeat("x", 200<<10))
			for _, size := range []int{5, 0, 200 << 10} {
				payload, from := hears(peer)
				Expect(payload).To(HaveLen(size))
				Expect(from.String()).To(Equal(path))
			}
			w.on(ctx, func() { _ = t.Close() })
			Eventually(ctx, p.Done()).Should(BeClosed())
			Expect(p.Events()[1].From).To(Equal(unixgram(path + "p")))
			Eventually(ctx, path).ShouldNot(BeAnExistingFile())
		}, bounded)

		It("hears senders without a name, whose address is one without a name", func(ctx SpecContext) {
			w, p, path := newRealWorld(kind), &recorder.Datagram{}, socketPath()
			w.background()
			datagramEndpoint(ctx, w, p, at(path))
			c, err := net.Dial("unixgram", path)
			Expect(err).NotTo(HaveOccurred())
			defer c.Close()
			_, err = c.Write([]byte("who am I"))
			Expect(err).NotTo(HaveOccurred())
			Eventually(ctx, p.Datagrams).Should(Equal([]string{"who am I"}))
			Expect(p.Events()[1].From).To(Equal(unixgram("")))
		}, bounded)

		It("has abstract names, which leave no file", func(ctx SpecContext) {
			w, p := newRealWorld(kind), replying()
			name := fmt.Sprintf("@tidemill-%d-%s", os.Getpid(), kind)
			cfg := at(name)
			if err := w.Capabilities().Check(platform.UnixAbstractName); err != nil {
				Expect(w.CreateDatagramEndpoint(newDatagramRecorder, &cfg).Err()).To(MatchError(err))
				return
			}
			w.background()
			t := datagramEndpoint(ctx, w, p, cfg)
			peer := unixgramPeer(name + "p")
			says(peer, unixgram(name), "hello")
			Expect(heard(peer)).To(Equal("hello"))
			Expect(t.LocalAddr().String()).To(Equal(name))
		}, bounded)

		It("replaces the file of a dead socket", func(ctx SpecContext) { // I10
			w, path := newRealWorld(kind), socketPath()
			w.background()
			deadUnixgram(path)
			t := datagramEndpoint(ctx, w, &recorder.Datagram{}, at(path))
			Expect(t.LocalAddr()).To(Equal(unixgram(path)))
		}, bounded)

		DescribeTable("refuses, and leaves alone,",
			func(ctx SpecContext, put func(path string)) { // field.md 16
				w, path := newRealWorld(kind), socketPath()
				w.background()
				put(path)
				before, err := os.Lstat(path)
				Expect(err).NotTo(HaveOccurred())
				cfg := at(path)
				_, err = w.CreateDatagramEndpoint(newDatagramRecorder, &cfg).Await(ctx)
				Expect(err).To(And(is[*net.OpError](), MatchError(syscall.EADDRINUSE), MatchError(ContainSubstring(path))))
				after, err := os.Lstat(path)
				Expect(err).NotTo(HaveOccurred())
				Expect(os.SameFile(before, after)).To(BeTrue())
			},
			Entry("a live datagram socket", func(path string) { unixgramPeer(path) }, bounded),
			Entry("a live stream socket", func(path string) {
				l, err := net.Listen("unix", path)
				Expect(err).NotTo(HaveOccurred())
				DeferCleanup(func() { _ = l.Close() })
			}, bounded),
			Entry("a regular file", func(path string) { Expect(os.WriteFile(path, nil, 0o600)).To(Succeed()) }, bounded),
			Entry("a directory", func(path string) { Expect(os.Mkdir(path, 0o700)).To(Succeed()) }, bounded),
		)

		It("takes no file away that is not its own any more, nor one that is to be kept", func(ctx SpecContext) {
			w, p, path := newRealWorld(kind), &recorder.Datagram{}, socketPath()
			w.background()
			t := datagramEndpoint(ctx, w, p, at(path))
			Expect(os.Rename(path, path+"old")).To(Succeed())
			Expect(os.WriteFile(path, nil, 0o600)).To(Succeed())
			w.on(ctx, t.Abort)
			Eventually(ctx, p.Done()).Should(BeClosed())

			kept := &recorder.Datagram{}
			cfg := at(path + "kept")
			cfg.KeepSocketFile = true
			w.on(ctx, datagramEndpoint(ctx, w, kept, cfg).Abort)
			Eventually(ctx, kept.Done()).Should(BeClosed())
			w.on(ctx, func() {})
			Expect(filepath.Glob(path + "*")).To(ConsistOf(path, path+"old", path+"kept"))
		}, bounded)

		for _, connected := range []bool{true, false} {
			name := "waits for a full receiver, in order, and flushes on Close"
			if !connected {
				name += ", also where readiness can not tell"
			}
			It(name, func(ctx SpecContext) { // I14, I21, I22
				w, p, path := newRealWorld(kind), &recorder.Datagram{}, socketPath()
				w.background()
				peer := unixgramPeer(path)
				cfg := eventloop.DatagramConfig{Network: "unixgram"}
				if connected {
					cfg.RemoteAddr = path
				}
				t := datagramEndpoint(ctx, w, p, cfg)
				const count = 300
				size := 0
				w.on(ctx, func() {
					var to net.Addr
					if !connected {
						to = unixgram(path)
					}
					for i := range count {
						_ = t.SendTo(append(fmt.Appendf(nil, "%03d", i), make([]byte, 1000)...), to)
					}
					size = t.WriteBufferSize()
					_ = t.Close()
				})
				Expect(size).To(BeNumerically(">", 64<<10))
				Expect(size % 1003).To(BeZero())
				for i := range count {
					payload, _ := hears(peer)
					Expect(payload[:3]).To(Equal(fmt.Sprintf("%03d", i)))
				}
				Eventually(ctx, p.Done()).Should(BeClosed())
				Expect(p.String()).To(Equal("made pause resume lost(nil)"))
			}, bounded)
		}
	})
}
