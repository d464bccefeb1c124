//go:build unix

package eventloop_test

import (
	"context"
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
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

func unixAddr(path string) *net.UnixAddr { return &net.UnixAddr{Name: path, Net: "unix"} }

// deadSocket leaves the file of a server that is gone.
func deadSocket(path string) {
	GinkgoHelper()
	l, err := net.ListenUnix("unix", unixAddr(path))
	Expect(err).NotTo(HaveOccurred())
	l.SetUnlinkOnClose(false)
	Expect(l.Close()).To(Succeed())
}

func dialUnix(path string) *net.UnixConn {
	GinkgoHelper()
	c, err := net.DialUnix("unix", nil, unixAddr(path))
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { _ = c.Close() })
	return c
}

func servingUnix(ctx context.Context, w *world, path string, cfg *eventloop.ServerConfig) *eventloop.Server {
	GinkgoHelper()
	server, err := w.CreateServer(newEcho, "unix", path, cfg).Await(ctx)
	Expect(err).NotTo(HaveOccurred())
	return server
}

func unixSpecs(kind string) {
	Describe("a Unix server", func() {
		It("serves on a path, which is the sockets' name and needs no name of the client", func(ctx SpecContext) { // D23, J13
			w := newRealWorld(kind)
			w.background()
			path := socketPath()
			p := &recorder.Stream{}
			p.OnData = func(data []byte) { _, _ = p.Transport().Write(data) }
			server, err := w.CreateServer(func() protocols.Protocol { return p }, "unix", path, nil).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(server.Addrs()).To(Equal([]net.Addr{unixAddr(path)}))
			client := dialUnix(path)
			Expect(echoed(client, "hello")).To(Equal("hello"))
			var local, remote any
			w.on(ctx, func() {
				local, remote = p.Transport().ExtraInfo("sockname"), p.Transport().ExtraInfo("peername")
			})
			Expect(local).To(Equal(unixAddr(path)))
			Expect(remote).To(Equal(unixAddr("")))
			Expect(client.CloseWrite()).To(Succeed())
			Eventually(ctx, p.Done()).Should(BeClosed())
			Expect(p.String()).To(Equal("made data(5) eof lost(nil)"))
			w.on(ctx, server.Close)
		}, bounded)

		It("serves on an abstract name, in package net's spelling or the kernel's, and makes no file", func(ctx SpecContext) { // J6
			w := newRealWorld(kind)
			if w.Capabilities().Check(platform.UnixAbstractName) != nil {
				Skip("abstract names are Linux's")
			}
			w.background()
			name := fmt.Sprintf("tidemill-%d-%s", os.Getpid(), kind)
			for _, spelling := range []string{"@", "\x00"} {
				server := servingUnix(ctx, w, spelling+name, nil)
				Expect(server.Addrs()).To(Equal([]net.Addr{unixAddr("@" + name)}))
				Expect(echoed(dialUnix("@"+name), "hello")).To(Equal("hello"))
				Expect("@" + name).NotTo(BeAnExistingFile())
				w.on(ctx, server.Close)
			}
		}, bounded)

		It("listens on several paths", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			first, second := socketPath(), socketPath()
			server := servingUnix(ctx, w, first, &eventloop.ServerConfig{Addresses: []string{second, first}})
			Expect(server.Addrs()).To(HaveLen(2))
			Expect(echoed(dialUnix(first), "hello")).To(Equal("hello"))
			Expect(echoed(dialUnix(second), "hello")).To(Equal("hello"))
			w.on(ctx, server.Close)
			Expect(first).NotTo(BeAnExistingFile())
			Expect(second).NotTo(BeAnExistingFile())
		}, bounded)

		DescribeTable("refuses at once", func(path string, matcher OmegaMatcher) { // J1
			w := newWorld(kind)
			Expect(failure(w.CreateServer(newEcho, "unix", path, nil))).To(And(is[*net.OpError](), is[*net.AddrError](), matcher))
			Expect(failure(w.CreateConnection(newEcho, "unix", path, nil))).To(And(is[*net.OpError](), is[*net.AddrError](), matcher))
		},
			Entry("no path", "", MatchError(ContainSubstring("needs a path"))),
			Entry("a path that is too long, with both lengths", strings.Repeat("x", 200), MatchError(And(ContainSubstring("200"), ContainSubstring(fmt.Sprint(platform.UnixPathLimit(false)))))),
			Entry("a path with a NUL", "/tmp/a\x00b", MatchError(ContainSubstring("NUL"))),
		)

		It("takes the longest path that there is", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			path := socketPath()
			path += strings.Repeat("x", platform.UnixPathLimit(false)-len(path))
			server := servingUnix(ctx, w, path, nil)
			Expect(server.Addrs()[0].String()).To(Equal(path))
			Expect(echoed(dialUnix(path), "hello")).To(Equal("hello"))
			w.on(ctx, server.Close)
			Expect(path).NotTo(BeAnExistingFile())
		}, bounded)

		It("refuses a network of packets", func() {
			w := newWorld(kind)
			for _, network := range []string{"unixgram", "unixpacket"} {
				Expect(failure(w.CreateServer(newEcho, network, "s", nil))).To(is[net.UnknownNetworkError]())
				Expect(failure(w.CreateConnection(newEcho, network, "s", nil))).To(is[net.UnknownNetworkError]())
			}
		})
	})

	unixPathSpecs(kind)
	unixFileSpecs(kind)
	unixConnectionSpecs(kind)
}

// unixPathSpecs are about what is there already.
func unixPathSpecs(kind string) {
	Describe("a Unix server's path", func() {
		refused := func(ctx context.Context, w *world, path string) {
			GinkgoHelper()
			before := descriptors()
			_, err := w.CreateServer(newEcho, "unix", path, nil).Await(ctx)
			Expect(err).To(MatchError(syscall.EADDRINUSE))
			Expect(err).To(MatchError(ContainSubstring(path)))
			Expect(opened(before)).To(BeEmpty())
		}

		It("that is a directory is refused and stays", func(ctx SpecContext) { // J3
			w := newRealWorld(kind)
			w.background()
			folder := filepath.Dir(socketPath())
			refused(ctx, w, folder)
			Expect(folder).To(BeADirectory())
		}, bounded)

		It("that is a regular file is refused, and its content stays", func(ctx SpecContext) { // J3
			w := newRealWorld(kind)
			w.background()
			path := socketPath()
			Expect(os.WriteFile(path, []byte("precious"), 0o600)).To(Succeed())
			refused(ctx, w, path)
			Expect(os.ReadFile(path)).To(BeEquivalentTo("precious"))
		}, bounded)

		It("that is a symbolic link is refused, whatever it points to, and stays", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			dead, link := socketPath(), socketPath()
			deadSocket(dead)
			Expect(os.Symlink(dead, link)).To(Succeed())
			refused(ctx, w, link)
			Expect(os.Readlink(link)).To(Equal(dead))
		}, bounded)

		It("where a server answers is refused, and that one goes on and hears of nothing", func(ctx SpecContext) { // J2
			w := newRealWorld(kind)
			w.background()
			path := socketPath()
			made := 0
			first, err := w.CreateServer(func() protocols.Protocol { made++; return newEcho() }, "unix", path, nil).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			refused(ctx, w, path)
			Expect(echoed(dialUnix(path), "hello")).To(Equal("hello"))
			var factories int
			w.on(ctx, func() { factories = made; first.Close() })
			Expect(factories).To(Equal(1))
		}, bounded)

		It("of a server that is paused is refused as well", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			path := socketPath()
			first := servingUnix(ctx, w, path, &eventloop.ServerConfig{Paused: true})
			refused(ctx, w, path)
			w.on(ctx, first.Close)
		}, bounded)

		It("of a datagram socket in use is refused as well", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			path := socketPath()
			c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
			Expect(err).NotTo(HaveOccurred())
			refused(ctx, w, path)
			Expect(c.Close()).To(Succeed())
		}, bounded)

		It("of a dead server is replaced", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			path := socketPath()
			deadSocket(path)
			server := servingUnix(ctx, w, path, nil)
			Expect(echoed(dialUnix(path), "hello")).To(Equal("hello"))
			w.on(ctx, server.Close)
			Expect(path).NotTo(BeAnExistingFile())
		}, bounded)

		It("in a folder that is not there is ENOENT", func(ctx SpecContext) { // J5
			w := newRealWorld(kind)
			w.background()
			path := filepath.Join(socketPath(), "no", "such")
			_, err := w.CreateServer(newEcho, "unix", path, nil).Await(ctx)
			Expect(err).To(And(is[*net.OpError](), MatchError(syscall.ENOENT), MatchError(ContainSubstring(path))))
		}, bounded)
	})
}

// unixFileSpecs are about what is left behind.
func unixFileSpecs(kind string) {
	Describe("the file of a Unix server", func() {
		It("is removed by Close", func(ctx SpecContext) { // J9
			w := newRealWorld(kind)
			w.background()
			path := socketPath()
			server := servingUnix(ctx, w, path, nil)
			Expect(os.Lstat(path)).To(HaveField("Mode()", Satisfy(func(m os.FileMode) bool { return m&os.ModeSocket != 0 })))
			w.on(ctx, server.Close)
			Expect(path).NotTo(BeAnExistingFile())
		}, bounded)

		It("is removed when the loop is closed", func(ctx SpecContext) {
			w := newRealWorld(kind)
			path := socketPath()
			_, err := eventloop.RunUntilComplete(w.Loop, w.CreateServer(newEcho, "unix", path, nil))
			Expect(err).NotTo(HaveOccurred())
			Expect(w.Close()).To(Succeed())
			Expect(path).NotTo(BeAnExistingFile())
		}, bounded)

		It("stays if KeepSocketFile says so", func(ctx SpecContext) { // J9
			w := newRealWorld(kind)
			w.background()
			path := socketPath()
			server := servingUnix(ctx, w, path, &eventloop.ServerConfig{KeepSocketFile: true})
			w.on(ctx, server.Close)
			Expect(path).To(BeAnExistingFile())
		}, bounded)

		It("stays if the socket was given", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			path := socketPath()
			l, err := net.Listen("unix", path)
			Expect(err).NotTo(HaveOccurred())
			server := servingUnix(ctx, w, "", &eventloop.ServerConfig{Listener: l})
			Expect(echoed(dialUnix(path), "hello")).To(Equal("hello"))
			w.on(ctx, server.Close)
			Expect(path).To(BeAnExistingFile())
		}, bounded)

		It("may be gone already", func(ctx SpecContext) { // J9
			w := newRealWorld(kind)
			w.background()
			path := socketPath()
			server := servingUnix(ctx, w, path, nil)
			Expect(os.Remove(path)).To(Succeed())
			w.on(ctx, server.Close)
			Expect(path).NotTo(BeAnExistingFile())
		}, bounded)

		It("is left alone when it is somebody else's by now", func(ctx SpecContext) { // J9
			w := newRealWorld(kind)
			w.background()
			path := socketPath()
			server := servingUnix(ctx, w, path, nil)
			Expect(os.Remove(path)).To(Succeed())
			other, err := net.ListenUnix("unix", unixAddr(path))
			Expect(err).NotTo(HaveOccurred())
			w.on(ctx, server.Close)
			Expect(path).To(BeAnExistingFile())
			Expect(other.Close()).To(Succeed())
		}, bounded)

		It("is found although the program has changed its directory", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			path := socketPath()
			home, err := os.Getwd()
			Expect(err).NotTo(HaveOccurred())
			DeferCleanup(os.Chdir, home)
			Expect(os.Chdir(filepath.Dir(path))).To(Succeed())
			server := servingUnix(ctx, w, "s", nil)
			Expect(path).To(BeAnExistingFile())
			Expect(os.Chdir(home)).To(Succeed())
			w.on(ctx, server.Close)
			Expect(path).NotTo(BeAnExistingFile())
		}, bounded)
	})
}

func unixConnectionSpecs(kind string) {
	Describe("a Unix connection", func() {
		It("is made to a server, and both know whose process the other is", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			path := socketPath()
			near, far := &recorder.Stream{}, &recorder.Stream{}
			server, err := w.CreateServer(func() protocols.Protocol { return far }, "unix", path, nil).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			c, err := w.CreateConnection(func() protocols.Protocol { return near }, "unix", path, nil).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(c.Transport.RemoteAddr()).To(Equal(unixAddr(path)))
			Eventually(ctx, far.Transport).ShouldNot(BeNil())
			for _, p := range []*recorder.Stream{near, far} {
				var peer any
				w.on(ctx, func() { peer = p.Transport().ExtraInfo("peercred") })
				Expect(peer).To(Equal(platform.Credentials{
					PID: os.Getpid(), UID: uint32(os.Geteuid()), GID: uint32(os.Getegid()),
				}))
			}
			w.on(ctx, func() { _ = c.Transport.Close(); server.Close() })
			Eventually(ctx, far.Done()).Should(BeClosed())
			Expect(near.Violations()).To(BeEmpty())
			Expect(far.Violations()).To(BeEmpty())
			var after any
			w.on(ctx, func() { after = c.Transport.ExtraInfo("peercred") })
			Expect(after).To(BeNil())
		}, bounded)

		It("over TCP has no credentials", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			p := &recorder.Stream{}
			connectToPeer(ctx, w, p)
			var peer any
			w.on(ctx, func() { peer = p.Transport().ExtraInfo("peercred"); p.Transport().Abort() })
			Expect(peer).To(BeNil())
		}, bounded)

		It("fails with ENOENT where nothing is and ECONNREFUSED where nobody listens, and makes no protocol", func(ctx SpecContext) { // J12
			w := newRealWorld(kind)
			w.background()
			made := 0
			factory := func() protocols.Protocol { made++; return newEcho() }
			path := socketPath()
			_, err := w.CreateConnection(factory, "unix", path, nil).Await(ctx)
			Expect(err).To(And(is[*net.OpError](), MatchError(syscall.ENOENT), MatchError(ContainSubstring(path))))
			deadSocket(path)
			_, err = w.CreateConnection(factory, "unix", path, nil).Await(ctx)
			Expect(err).To(And(is[*net.OpError](), MatchError(syscall.ECONNREFUSED)))
			w.on(ctx, func() {})
			Expect(made).To(BeZero())
		}, bounded)

		It("can be bound to a path of its own", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			path, own := socketPath(), socketPath()
			l, err := net.Listen("unix", path)
			Expect(err).NotTo(HaveOccurred())
			c, err := w.CreateConnection(newEcho, "unix", path, &eventloop.ConnectionConfig{LocalAddr: own}).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			peer, err := l.Accept()
			Expect(err).NotTo(HaveOccurred())
			Expect(peer.RemoteAddr()).To(Equal(unixAddr(own)))
			w.on(ctx, c.Transport.Abort)
			Expect(peer.Close()).To(Succeed())
			Expect(l.Close()).To(Succeed())
		}, bounded)

		It("waits while the server's queue is full", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			path := socketPath()
			server := servingUnix(ctx, w, path, &eventloop.ServerConfig{Backlog: -1})
			w.on(ctx, server.PauseAccepting)
			before := descriptors()
			var waiting []*eventloop.Future[eventloop.Connection]
			for range 5 {
				waiting = append(waiting, w.CreateConnection(newEcho, "unix", path, nil))
			}
			w.on(ctx, func() {})
			Consistently(func() bool { return waiting[4].Done() }).WithTimeout(tick).Should(BeFalse())
			w.on(ctx, func() { waiting[3].Cancel(); server.ResumeAccepting() })
			for i, f := range waiting {
				c, err := f.Await(ctx)
				if i == 3 {
					Expect(err).To(MatchError(eventloop.ErrCancelled))
					continue
				}
				Expect(err).NotTo(HaveOccurred())
				w.on(ctx, c.Transport.Abort)
			}
			w.on(ctx, server.Close)
			Expect(server.WaitClosed(ctx)).To(Succeed())
			Eventually(ctx, func() []int { return opened(before) }).Should(BeEmpty())
		}, bounded)

		It("can be a given one", func(ctx SpecContext) { // H2
			w := newRealWorld(kind)
			w.background()
			path := socketPath()
			server := servingUnix(ctx, w, path, nil)
			p := &recorder.Stream{}
			c, err := w.CreateConnection(func() protocols.Protocol { return p }, "unix", "",
				&eventloop.ConnectionConfig{Socket: dialUnix(path)}).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			w.on(ctx, func() { _, _ = c.Transport.Write([]byte("hello")) })
			Eventually(ctx, p.Data).Should(BeEquivalentTo("hello"))
			w.on(ctx, func() { c.Transport.Abort(); server.Close() })
		}, bounded)
	})
}
