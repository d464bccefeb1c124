package eventloop_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

// strictWorld is a world and what it runs on.
func strictWorld() (*world, *strict) {
	GinkgoHelper()
	guard()
	p := newStrict()
	l, err := p.loop(eventloop.SelectorConfig{Logger: quiet()})
	Expect(err).NotTo(HaveOccurred())
	w := adopt(l, nil)
	w.background()
	return w, p
}

// unpolledPipeSpecs are about pipes that are received from and sent to; sockets
// stand for them.
func unpolledPipeSpecs(string) {
	Describe("a reading end", func() {
		It("delivers what is written, also what came while it was paused, and the end", func(ctx SpecContext) {
			w, _ := strictWorld()
			p := &recorder.Stream{}
			near, far := newSocketPair()
			t := readingPipe(ctx, w, p, fileOfEnd(near))
			Expect(far.Write([]byte("hello"))).To(Equal(5))
			Eventually(ctx, p.Data).Should(Equal([]byte("hello")))
			w.on(ctx, t.PauseReading)
			Expect(far.Write([]byte(", world"))).To(Equal(7))
			far.Close()
			Consistently(p.Data, tick).Should(HaveLen(5))
			w.on(ctx, t.ResumeReading)
			Eventually(ctx, p.Done()).Should(BeClosed())
			Expect(p.Data()).To(Equal([]byte("hello, world")))
			Expect(p.Err()).NotTo(HaveOccurred())
			Expect(p.Violations()).To(BeEmpty())
		}, bounded)
	})

	Describe("a writing end", func() {
		var (
			w   *world
			p   *recorder.Stream
			t   protocols.WritePipe
			far *end
		)
		BeforeEach(func(ctx SpecContext) {
			w, _ = strictWorld()
			p = &recorder.Stream{}
			var near *end
			near, far = newSocketPair()
			t = writingPipe(ctx, w, p, fileOfEnd(near))
		})

		It("sends in order, pauses the writer, and sends everything before it is over", func(ctx SpecContext) {
			contents := counting(4 << 20)
			var sizes []int
			w.on(ctx, func() {
				_, _ = t.Write([]byte("head"))
				sizes = append(sizes, t.WriteBufferSize())
				_, _ = t.Write(contents)
				sizes = append(sizes, t.WriteBufferSize())
				_ = t.Close()
			})
			Expect(sizes[0]).To(BeZero()) // it was submitted and taken by the question
			Expect(sizes[1]).To(BeNumerically(">", 1<<20))
			got := make(chan []byte, 1)
			file := fileOfEnd(far)
			go func() { b, _ := io.ReadAll(file); got <- b }()
			Eventually(ctx, p.Done()).Should(BeClosed())
			Expect(bytes.Equal(<-got, append([]byte("head"), contents...))).To(BeTrue())
			Expect(p.String()).To(Equal("made pause resume lost(nil)"))
		}, bounded)

		It("notices that an idle reader is gone", func(ctx SpecContext) { // K14
			far.Close()
			Eventually(ctx, p.Done()).Should(BeClosed())
			Expect(p.String()).To(Equal("made lost(nil)"))
		}, bounded)

		It("has no use for what the reader writes, and is not ended by it", func(ctx SpecContext) {
			Expect(far.Write([]byte("who asked you"))).To(Equal(13))
			Consistently(p.String, tick).Should(Equal("made"))
			w.on(ctx, func() { _, _ = t.Write([]byte("x")) })
			Eventually(ctx, func() (int, error) { return unix.Read(far.fd, make([]byte, 1)) }).Should(Equal(1))
			w.on(ctx, t.Abort)
			Eventually(ctx, p.Done()).Should(BeClosed())
		}, bounded)

		It("sends what the callback had written that aborts it", func(ctx SpecContext) {
			file := fileOfEnd(far)
			w.on(ctx, func() { _, _ = t.Write([]byte("last words")); t.Abort() })
			Expect(io.ReadAll(file)).To(Equal([]byte("last words")))
			Eventually(ctx, p.Done()).Should(BeClosed())
		}, bounded)

		It("ends when it is aborted with a send under way", func(ctx SpecContext) {
			w.on(ctx, func() { _, _ = t.Write(much) })
			w.on(ctx, t.Abort)
			Eventually(ctx, p.Done()).Should(BeClosed())
			Expect(p.Err()).NotTo(HaveOccurred())
		}, bounded)
	})

	It("refuses a pipe that was not opened for it, which stays its owner's", func() {
		w := newRealWorld(unpolled)
		r, far, _ := blockingPipe()
		made := 0
		factory := func() protocols.Protocol { made++; return newEcho() }
		for _, err := range []error{failure(w.ConnectReadPipe(factory, r)), failure(w.ConnectWritePipe(factory, far))} {
			refusal := &platform.UnsupportedError{}
			Expect(err).To(BeAssignableToTypeOf(refusal))
			Expect(err).To(MatchError(ContainSubstring("overlapped")))
		}
		Expect(made).To(BeZero())
		Expect(r.Close()).To(Succeed())
	})

	It("closes and returns a descriptor that the mechanism does not take", func(ctx SpecContext) {
		w, mechanism := strictWorld()
		near, far := newSocketPair()
		file, before := fileOfEnd(near), descriptors()
		w.on(ctx, func() { mechanism.bars = true })
		_, err := w.ConnectAcceptedSocket(newEcho, file, nil).Await(ctx)
		Expect(err).To(MatchError(syscall.EBADF))
		Expect(err).To(BeAssignableToTypeOf(&net.OpError{}))
		_, err = w.CreateServer(newEcho, "tcp", "127.0.0.1:0", nil).Await(ctx)
		Expect(err).To(MatchError(syscall.EBADF))
		_, err = w.CreateConnection(newEcho, "tcp", listen().Addr().String(), nil).Await(ctx)
		Expect(err).To(MatchError(syscall.EBADF))
		w.on(ctx, func() { mechanism.bars = false })
		Expect(unix.Read(far.fd, make([]byte, 1))).To(BeZero()) // nobody has the other end any more
		Expect(len(opened(before))).To(BeNumerically("<=", 1))  // that of listen
	}, bounded)
}

// asideSpecs are about raw socket calls that have to wait.
func asideSpecs(string) {
	Describe("a raw socket call that waits aside", func() {
		It("goes on waiting as often as it takes", func(ctx SpecContext) {
			w, _ := strictWorld()
			s, far := connectedSocket()
			contents := counting(24 << 20)
			f := w.SockSendall(s, contents)
			got, block := 0, make([]byte, 64<<10)
			for got < len(contents) {
				w.on(ctx, func() {}) // the kernel takes more meanwhile
				n, err := io.ReadFull(far, block)
				Expect(err).NotTo(HaveOccurred())
				Expect(bytes.Equal(block, contents[got:got+n])).To(BeTrue())
				got += n
			}
			Expect(awaited(ctx, f)).To(Succeed())
		}, bounded)

		It("has company in the other direction of its socket", func(ctx SpecContext) {
			w, _ := strictWorld()
			s, far := connectedSocket()
			receive, send := w.SockRecv(s, 10), w.SockSendall(s, much)
			Consistently(receive.Done, tick).Should(BeFalse())
			n, err := io.CopyN(io.Discard, far, int64(len(much)))
			Expect(n, err).To(BeEquivalentTo(len(much)))
			Expect(awaited(ctx, send)).To(Succeed())
			Expect(receive.Done()).To(BeFalse())
			Expect(far.Write([]byte("hello"))).To(Equal(5))
			Expect(receive.Await(ctx)).To(Equal([]byte("hello")))
		}, bounded)

		It("has let go of its socket when the loop is closed", func(ctx SpecContext) {
			w := newRealWorld(unpolled)
			halt := w.background()
			s, far := connectedSocket()
			f := w.SockRecv(s, 10)
			Consistently(f.Done, tick).Should(BeFalse())
			halt()
			Expect(w.Close()).To(Succeed())
			Expect(s.Close()).To(Succeed())
			Expect(far.Read(make([]byte, 1))).Error().To(MatchError(io.EOF))
		}, bounded)
	})
}

// awaited is the error of a future.
func awaited[T any](ctx context.Context, f *eventloop.Future[T]) error {
	_, err := f.Await(ctx)
	return err
}

// systemSendSpecs are about files that the system sends as one operation.
func systemSendSpecs(string) {
	Describe("a file that the system sends", func() {
		var (
			w    *world
			p    *recorder.Stream
			s    *strict
			peer *net.TCPConn
		)
		BeforeEach(func(ctx SpecContext) {
			w, s = strictWorld()
			p = &recorder.Stream{}
			peer = connectToPeer(ctx, w, p)
			DeferCleanup(func(ctx SpecContext) {
				w.on(ctx, p.Transport().Abort)
				Eventually(ctx, p.Done()).Should(BeClosed())
			}, NodeTimeout(patient))
		})

		It("goes without being read, in several operations if it is long", func(ctx SpecContext) {
			contents := counting(5<<20 + 3)
			file := fileOf(contents)
			f := w.Sendfile(p.Transport(), file, 1, 0)
			got := collected(peer)
			Expect(f.Await(ctx)).To(BeEquivalentTo(len(contents) - 1))
			w.on(ctx, func() { _ = p.Transport().Close() })
			Expect(bytes.Equal(<-got, contents[1:])).To(BeTrue())
			Expect(s.sent).To(BeNumerically(">=", 6))
		}, bounded)

		It("goes on where one operation has sent less than it was to", func(ctx SpecContext) {
			w.on(ctx, func() { s.longest = 100_000 })
			contents := counting(1 << 20)
			f := w.Sendfile(p.Transport(), fileOf(contents), 0, 0)
			got := collected(peer)
			Expect(f.Await(ctx)).To(BeEquivalentTo(len(contents)))
			w.on(ctx, func() { _ = p.Transport().Close() })
			Expect(bytes.Equal(<-got, contents)).To(BeTrue())
		}, bounded)

		It("is copied if the system refuses, also after a part of it", func(ctx SpecContext) {
			w.on(ctx, func() { s.longest = 300_000 })
			contents := counting(3 << 20)
			file := fileOf(contents)
			f := w.Sendfile(p.Transport(), file, 0, 0)
			w.on(ctx, func() { s.refusal = syscall.EINVAL })
			got := collected(peer)
			Expect(f.Await(ctx)).To(BeEquivalentTo(len(contents)))
			Expect(position(file)).To(BeEquivalentTo(len(contents)))
			w.on(ctx, func() { _ = p.Transport().Close() })
			Expect(bytes.Equal(<-got, contents)).To(BeTrue())
		}, bounded)

		It("ends where a file has become shorter", func(ctx SpecContext) {
			path := fileOf(counting(64 << 10)).Name()
			file, err := os.OpenFile(path, os.O_RDWR, 0)
			Expect(err).NotTo(HaveOccurred())
			DeferCleanup(file.Close)
			w.on(ctx, func() {
				s.longest = 10 << 10
				s.before = func(sent int) {
					if sent == 3 {
						_ = file.Truncate(25 << 10)
					}
				}
			})
			got := collected(peer)
			Expect(w.Sendfile(p.Transport(), file, 0, 0).Await(ctx)).To(BeEquivalentTo(25 << 10))
			Expect(position(file)).To(BeEquivalentTo(25 << 10))
			w.on(ctx, func() { _ = p.Transport().Close() })
			Expect(<-got).To(Equal(counting(64 << 10)[:25<<10]))
		}, bounded)

		It("counts as what is buffered, and its file may be closed meanwhile", func(ctx SpecContext) {
			contents := counting(len(much))
			file := fileOf(contents)
			f := w.Sendfile(p.Transport(), file, 0, 0)
			var size int
			Eventually(ctx, func() int {
				w.on(ctx, func() { size = p.Transport().WriteBufferSize() })
				return size
			}).Should(BeNumerically(">", 0))
			Expect(file.Close()).To(Succeed())
			got := collected(peer)
			_, err := f.Await(ctx)
			Expect(err).To(MatchError(os.ErrClosed))
			w.on(ctx, func() { _, _ = p.Transport().Write([]byte("tail")); _ = p.Transport().Close() })
			all := <-got
			Expect(string(all[len(all)-4:])).To(Equal("tail"))
			Expect(bytes.Equal(all[:len(all)-4], contents[:len(all)-4])).To(BeTrue())
		}, bounded)
	})
}
