package eventloop_test

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/windows"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

// connectPipe connects p to a named pipe, on a loop that runs in the background.
func connectPipe(ctx context.Context, w *world, name string, p protocols.Protocol) protocols.Transport {
	GinkgoHelper()
	c, err := w.CreatePipeConnection(func() protocols.Protocol { return p }, name).Await(ctx)
	Expect(err).NotTo(HaveOccurred())
	Expect(c.Protocol).To(BeIdenticalTo(p))
	return c.Transport
}

// pipeConnectionSpecs are of kinds that connect to named pipes.
func pipeConnectionSpecs(kind string) {
	Describe("CreatePipeConnection", func() {
		It("connects both ways, and knows its pipe", func(ctx SpecContext) {
			w, name, p := pipeWorld(kind), freshPipe(), &recorder.Stream{}
			servingPipe(ctx, w, name, newEcho)
			t := connectPipe(ctx, w, name, p)
			expectPipeEnd(ctx, w, t, name)
			w.on(ctx, func() { _, _ = t.Write([]byte("hello")) })
			Eventually(ctx, p.Data).Should(Equal([]byte("hello")))
			w.on(ctx, func() { _ = t.Close() })
			Eventually(ctx, p.Done()).Should(BeClosed())
			Expect(p.Err()).NotTo(HaveOccurred())
			Expect(p.Violations()).To(BeEmpty())
		}, bounded)

		It("carries 32 MiB to a reader that pauses, without holding more than its marks", func(ctx SpecContext) {
			const size, piece = 32 << 20, 256 << 10
			w, name := pipeWorld(kind), freshPipe()
			sender, reader, got := &recorder.Stream{}, &recorder.Stream{}, 0
			contents, wrong := counting(piece), false
			reader.OnData = func(b []byte) {
				for _, c := range b {
					wrong = wrong || c != contents[got%piece]
					got++
				}
				t := reader.Transport()
				t.PauseReading()
				w.CallSoon(func() { w.CallSoon(t.ResumeReading) })
			}
			servingPipe(ctx, w, name, func() protocols.Protocol { return reader })
			t := connectPipe(ctx, w, name, sender)
			left, most := size/piece, 0
			more := func() {
				for ; left > 0; left-- {
					if n := t.WriteBufferSize(); n > 0 {
						most = max(most, n)
						return
					}
					_, _ = t.Write(contents)
				}
				_ = t.Close()
			}
			sender.OnResume = more
			w.on(ctx, more)
			Eventually(ctx, reader.Done()).Should(BeClosed())
			Expect(got).To(Equal(size))
			Expect(wrong).To(BeFalse())
			Expect(most).To(BeNumerically("<=", 2*piece))
			Expect(reader.Err()).NotTo(HaveOccurred())
		}, bounded)

		It("is told that there is no such pipe", func(ctx SpecContext) {
			w, name := pipeWorld(kind), freshPipe()
			_, err := w.CreatePipeConnection(newEcho, name).Await(ctx)
			Expect(err).To(MatchError(fs.ErrNotExist))
			Expect(err).To(MatchError(windows.ERROR_FILE_NOT_FOUND))
			opErr, _ := errors.AsType[*net.OpError](err)
			Expect(opErr.Op).To(Equal("connect"))
			Expect(opErr.Net).To(Equal("pipe"))
			Expect(opErr.Addr).To(Equal(platform.PipeAddr(name)))
		}, bounded)

		When("all instances have their clients", func() {
			It("waits until there is another one", func(ctx SpecContext) {
				w, name := pipeWorld(kind), freshPipe()
				instance := instanceOf(name, true)
				_ = dialPipe(name)
				f := w.CreatePipeConnection(newEcho, name)
				Consistently(f.Done).WithTimeout(10 * tick).Should(BeFalse())
				instanceOf(name, false)
				c, err := f.Await(ctx)
				Expect(err).NotTo(HaveOccurred())
				w.on(ctx, c.Transport.Abort)
				Expect(instance).NotTo(BeZero())
			}, bounded)

			It("stops waiting when it is cancelled, and when the loop closes", func(ctx SpecContext) {
				w, name := pipeWorld(kind), freshPipe()
				instanceOf(name, true)
				_ = dialPipe(name)
				made := 0
				factory := func() protocols.Protocol { made++; return newEcho() }
				f := w.CreatePipeConnection(factory, name)
				Consistently(f.Done, tick).Should(BeFalse())
				w.on(ctx, func() { f.Cancel() })
				_, err := f.Await(ctx)
				Expect(err).To(MatchError(eventloop.ErrCancelled))
				w.CreatePipeConnection(factory, name)
				Consistently(func() int { return made }).WithTimeout(150 * time.Millisecond).Should(BeZero())
			}, bounded)
		})

		It("closes the pipe when the factory fails", func(ctx SpecContext) {
			w, name := pipeWorld(kind), freshPipe()
			server := &recorder.Stream{}
			servingPipe(ctx, w, name, func() protocols.Protocol { return server })
			_, err := w.CreatePipeConnection(func() protocols.Protocol { panic("boom") }, name).Await(ctx)
			_, panicked := errors.AsType[*eventloop.PanicError](err)
			Expect(panicked).To(BeTrue())
			Eventually(ctx, server.Done()).Should(BeClosed())
		}, bounded)

		It("ends with the server's client, aborted or not", func(ctx SpecContext) {
			w, name := pipeWorld(kind), freshPipe()
			for _, end := range []func(protocols.Transport){protocols.Transport.Abort, func(t protocols.Transport) { _ = t.Close() }} {
				server, client := &recorder.Stream{}, &recorder.Stream{}
				s := servingPipe(ctx, w, name, func() protocols.Protocol { return server })
				connectPipe(ctx, w, name, client)
				Eventually(ctx, server.String).Should(Equal("made"))
				w.on(ctx, func() { end(server.Transport()); s.Close() })
				Eventually(ctx, client.Done()).Should(BeClosed())
				Expect(client.String()).To(Equal("made eof lost(nil)"))
			}
		}, bounded)
	})
}

// instanceOf makes one instance of a pipe that nobody serves.
func instanceOf(name string, first bool) int {
	GinkgoHelper()
	fd, err := platform.CreatePipeInstance(name, first)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(platform.CloseFD, fd)
	return fd
}
