//go:build linux || windows

package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

var pipeCount atomic.Uint64

// freshPipe is a name that no other spec has.
func freshPipe() string {
	return fmt.Sprintf(`\\.\pipe\tidemill-spec-%d-%d`, os.Getpid(), pipeCount.Add(1))
}

// servingPipe serves a named pipe on a loop that runs in the background.
func servingPipe(ctx context.Context, w *world, name string, factory func() protocols.Protocol) *eventloop.Server {
	GinkgoHelper()
	s, err := w.CreatePipeServer(factory, name).Await(ctx)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func(ctx SpecContext) {
		w.on(ctx, func() { s.Close(); s.AbortClients() })
		Expect(s.WaitClosed(ctx)).To(Succeed())
	}, NodeTimeout(patient))
	return s
}

// pipeWorld is a world whose loop serves pipes.
func pipeWorld(kind string) *world {
	GinkgoHelper()
	w := newRealWorld(kind)
	eventloop.Pretend(w.Loop, platform.Target{OS: "windows", Loop: "iocp"})
	w.background()
	return w
}

// expectPipeEnd looks at what a transport over a named pipe tells of itself.
func expectPipeEnd(ctx context.Context, w *world, t protocols.Transport, name string) {
	GinkgoHelper()
	var pipe any
	var canEnd bool
	info := map[string]any{"addr": nil, "socket": nil, "sockname": nil}
	Expect(w.Do(ctx, func() error {
		for key := range info {
			info[key] = t.ExtraInfo(key)
		}
		pipe, canEnd = t.ExtraInfo("pipe"), t.CanWriteEOF()
		return t.WriteEOF()
	})).To(MatchError(errors.ErrUnsupported))
	Expect(canEnd).To(BeFalse())
	Expect(pipe).To(BeAssignableToTypeOf(&platform.Descriptor{}))
	Expect(info).To(Equal(map[string]any{"addr": name, "socket": nil, "sockname": platform.PipeAddr(name)}))
	Expect(t.LocalAddr()).To(Equal(platform.PipeAddr(name)))
	Expect(t.RemoteAddr()).To(Equal(platform.PipeAddr(name)))
}

// pipeServerSpecs are of kinds that serve named pipes.
func pipeServerSpecs(kind string) {
	Describe("CreatePipeServer", func() {
		It("serves clients until it is closed, and those that it has still then", func(ctx SpecContext) {
			w, name := pipeWorld(kind), freshPipe()
			s := servingPipe(ctx, w, name, newEcho)
			Expect(s.Addrs()).To(Equal([]net.Addr{platform.PipeAddr(name)}))
			Expect(s.Addrs()[0].Network()).To(Equal("pipe"))
			Expect(s.Addrs()[0].String()).To(Equal(name))
			var serving bool
			var sockets []*platform.Socket
			w.on(ctx, func() { serving, sockets = s.IsServing(), s.Sockets() })
			Expect(serving).To(BeTrue())
			Expect(sockets).To(BeEmpty())
			first, second := dialPipe(name), dialPipe(name)
			Expect(talk(first, "one")).To(Equal("one"))
			Expect(talk(second, "two")).To(Equal("two"))
			w.on(ctx, s.Close)
			Expect(talk(first, "three")).To(Equal("three"))
			_, err := tryDialPipe(name)
			Expect(err).To(HaveOccurred())
			Expect(first.Close()).To(Succeed())
			Expect(second.Close()).To(Succeed())
			Expect(s.WaitClosed(ctx)).To(Succeed())
			Expect(s.Statistics().Accepted).To(BeEquivalentTo(2))
		}, bounded)

		It("makes transports that know their pipe and have one end", func(ctx SpecContext) {
			w, name := pipeWorld(kind), freshPipe()
			p := &recorder.Stream{}
			servingPipe(ctx, w, name, func() protocols.Protocol { return p })
			client := dialPipe(name)
			Eventually(ctx, p.String).Should(Equal("made"))
			expectPipeEnd(ctx, w, p.Transport(), name)
			w.on(ctx, func() { _, _ = p.Transport().Write([]byte("still there")) })
			b := make([]byte, 11)
			Expect(io.ReadFull(client, b)).To(Equal(11))
			Expect(client.Close()).To(Succeed())
			Eventually(ctx, p.Done()).Should(BeClosed())
			Expect(p.String()).To(Equal("made eof lost(nil)"))
			Expect(p.Violations()).To(BeEmpty())
		}, bounded)

		It("delivers everything that was written before Close, to a client that is slow", func(ctx SpecContext) {
			const size = 32 << 20
			w, name, contents := pipeWorld(kind), freshPipe(), counting(1<<20)
			p := &recorder.Stream{}
			servingPipe(ctx, w, name, func() protocols.Protocol { return p })
			client := dialPipe(name)
			Eventually(ctx, p.String).Should(Equal("made"))
			w.on(ctx, func() {
				for range size / len(contents) {
					_, _ = p.Transport().Write(contents)
				}
				_ = p.Transport().Close()
			})
			Expect(p.String()).To(Equal("made pause"))
			got, block := 0, make([]byte, len(contents))
			for {
				n, err := io.ReadFull(client, block)
				got += n
				if err != nil {
					break
				}
				Expect(string(block) == string(contents)).To(BeTrue())
			}
			Expect(got).To(Equal(size))
			Eventually(ctx, p.Done()).Should(BeClosed())
			Expect(p.Err()).NotTo(HaveOccurred())
		}, bounded)

		It("serves fifty clients at a time", func(ctx SpecContext) {
			w, name := pipeWorld(kind), freshPipe()
			s := servingPipe(ctx, w, name, newEcho)
			clients := make([]io.ReadWriteCloser, 50)
			for i := range clients {
				clients[i] = dialPipe(name)
			}
			var all sync.WaitGroup
			wrong := make([]string, len(clients))
			for i, c := range clients {
				all.Go(func() {
					for round := range 20 {
						if text := fmt.Sprint(i, " in ", round); talk(c, text) != text {
							wrong[i] = text
						}
					}
				})
			}
			all.Wait()
			Expect(wrong).To(HaveEach(BeEmpty()))
			Expect(statistics(ctx, w, s).Connections).To(Equal(50))
			w.on(ctx, s.CloseClients)
			for _, c := range clients {
				Expect(c.Read(make([]byte, 1))).Error().To(HaveOccurred())
			}
		}, bounded)

		It("refuses a name that another server has", func(ctx SpecContext) {
			if !pipesHaveOneServer() {
				Skip("two servers can have one name here: Wine 8 does not enforce FILE_FLAG_FIRST_PIPE_INSTANCE")
			}
			w, name := pipeWorld(kind), freshPipe()
			servingPipe(ctx, w, name, newEcho)
			_, err := w.CreatePipeServer(newEcho, name).Await(ctx)
			Expect(err).To(MatchError(errPipeTaken))
			opErr, _ := errors.AsType[*net.OpError](err)
			Expect(opErr.Op).To(Equal("listen"))
			Expect(opErr.Net).To(Equal("pipe"))
			Expect(opErr.Addr).To(Equal(platform.PipeAddr(name)))
		}, bounded)

		It("gives the name back when it is closed", func(ctx SpecContext) {
			w, name := pipeWorld(kind), freshPipe()
			for range 3 {
				s, err := w.CreatePipeServer(newEcho, name).Await(ctx)
				Expect(err).NotTo(HaveOccurred())
				Expect(talk(dialPipe(name), "hello")).To(Equal("hello"))
				w.on(ctx, func() { s.Close(); s.AbortClients() })
				Expect(s.WaitClosed(ctx)).To(Succeed())
			}
		}, bounded)

		It("is closed with its clients by the loop's end", func(ctx SpecContext) {
			w, name := newRealWorld(kind), freshPipe()
			eventloop.Pretend(w.Loop, platform.Target{OS: "windows", Loop: "iocp"})
			halt := w.background()
			_, err := w.CreatePipeServer(newEcho, name).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			client := dialPipe(name)
			Expect(talk(client, "hello")).To(Equal("hello"))
			halt()
			Expect(w.Close()).To(Succeed())
			Expect(client.Read(make([]byte, 1))).Error().To(HaveOccurred())
			_, err = tryDialPipe(name)
			Expect(err).To(HaveOccurred())
		}, bounded)

		It("refuses arguments that are none", func() {
			w := newRealWorld(kind)
			eventloop.Pretend(w.Loop, platform.Target{OS: "windows", Loop: "iocp"})
			for _, err := range []error{
				failure(w.CreatePipeServer(nil, freshPipe())), failure(w.CreatePipeConnection(nil, freshPipe())),
			} {
				Expect(err).To(MatchError(ContainSubstring("nil protocol factory")))
			}
			for _, name := range []string{"", "pipe", `\\.\pipe\`, `\\other\pipe\x`, `\\.\pipe\a` + "\x00"} {
				for _, err := range []error{
					failure(w.CreatePipeServer(newEcho, name)), failure(w.CreatePipeConnection(newEcho, name)),
				} {
					Expect(err).To(BeAssignableToTypeOf(&net.OpError{}))
					_, ok := errors.AsType[*net.AddrError](err)
					Expect(ok).To(BeTrue(), "%q: %v", name, err)
				}
			}
		})
	})
}

// talk writes and reads as much.
func talk(c io.ReadWriter, text string) string {
	if _, err := io.WriteString(c, text); err != nil {
		return err.Error()
	}
	b := make([]byte, len(text))
	if _, err := io.ReadFull(c, b); err != nil {
		return err.Error()
	}
	return string(b)
}
