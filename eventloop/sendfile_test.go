package eventloop_test

import (
	"bytes"
	"io"
	"net"
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

// fileOf is a file with these contents, closed with the spec.
func fileOf(contents []byte) *os.File {
	GinkgoHelper()
	path := filepath.Join(GinkgoT().TempDir(), "f")
	Expect(os.WriteFile(path, contents, 0o600)).To(Succeed())
	f, err := os.Open(path)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { _ = f.Close() })
	return f
}

// counting is n bytes in which a loss or an exchange shows.
func counting(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(uint32(i) * 2654435761 >> 13)
	}
	return b
}

func position(f *os.File) int64 {
	GinkgoHelper()
	at, err := f.Seek(0, io.SeekCurrent)
	Expect(err).NotTo(HaveOccurred())
	return at
}

// collected reads a connection to its end, or to an error, beside the spec.
func collected(c net.Conn) <-chan []byte {
	all := make(chan []byte, 1)
	go func() {
		b, _ := io.ReadAll(c)
		all <- b
	}()
	return all
}

// ways are how a file's bytes get into a socket: by the kernel where the platform
// has that, and by copying, which is what a loop does where it has not.
var ways = map[string]func(*eventloop.Loop){
	"by the kernel": func(*eventloop.Loop) {},
	"by copying":    func(l *eventloop.Loop) { eventloop.Pretend(l, windowsSelect) },
}

func sendfileSpecs(kind string) {
	for _, way := range []string{"by the kernel", "by copying"} {
		Describe("Sendfile "+way, func() {
			var (
				w    *world
				p    *recorder.Stream
				t    protocols.Transport
				peer *net.TCPConn
			)
			BeforeEach(func(ctx SpecContext) {
				w, p = newRealWorld(kind), &recorder.Stream{}
				w.background()
				peer = connectToPeer(ctx, w, p)
				t = p.Transport()
				ways[way](w.Loop)
				DeferCleanup(func(ctx SpecContext) {
					w.on(ctx, t.Abort)
					Eventually(ctx, p.Done()).Should(BeClosed())
				}, NodeTimeout(patient))
			})

			It("sends behind what was written before, and ahead of what is written later", func(ctx SpecContext) { // O1, O2, O3, O5
				contents := counting(3 << 20)
				file := fileOf(contents)
				var f *eventloop.Future[int64]
				var meanwhile, paused error
				var reading, restored bool
				w.on(ctx, func() {
					_, _ = t.Write([]byte("head"))
					f = w.Sendfile(t, file, 0, 0)
					_, meanwhile = t.Write([]byte("meanwhile"))
					paused = outcomeNow(w.Sendfile(t, file, 0, 0))
					reading = t.IsReading()
				})
				got := collected(peer)
				Expect(f.Await(ctx)).To(BeEquivalentTo(len(contents)))
				Expect(position(file)).To(BeEquivalentTo(len(contents)))
				Expect(w.Sendfile(t, file, 100, 24).Await(ctx)).To(BeEquivalentTo(24))
				Expect(position(file)).To(BeEquivalentTo(124))
				w.on(ctx, func() {
					restored = t.IsReading()
					_, _ = t.Write([]byte("tail"))
					_ = t.Close()
				})
				Expect(meanwhile).To(MatchError(eventloop.ErrInvalidState)) // E34
				Expect(paused).To(MatchError(eventloop.ErrInvalidState))
				Expect(reading).To(BeFalse())
				Expect(restored).To(BeTrue())
				want := bytes.Join([][]byte{[]byte("head"), contents, contents[100:124], []byte("tail")}, nil)
				Expect(bytes.Equal(<-got, want)).To(BeTrue())
			}, bounded)

			It("delivers after it what came meanwhile, unless the program had paused", func(ctx SpecContext) { // O2
				file := fileOf(much)
				f := w.Sendfile(t, file, 0, 0)
				w.on(ctx, func() {})
				Expect(peer.Write([]byte("input"))).To(Equal(5))
				Consistently(p.String, tick).Should(Equal("made"))
				w.on(ctx, t.PauseReading)
				go func() { _, _ = io.CopyN(io.Discard, peer, int64(len(much))) }()
				Expect(f.Await(ctx)).To(BeEquivalentTo(len(much)))
				Consistently(p.String, tick).Should(Equal("made"))
				f = w.Sendfile(t, file, 0, 1)
				w.on(ctx, t.ResumeReading)
				Expect(f.Await(ctx)).To(BeEquivalentTo(1))
				Eventually(ctx, p.Data).Should(Equal([]byte("input")))
			}, bounded)

			It("sends what there is of a file that is short, and nothing of an empty one", func(ctx SpecContext) { // O11
				file := fileOf([]byte("0123456789"))
				Expect(w.Sendfile(t, file, 4, 100).Await(ctx)).To(BeEquivalentTo(6))
				Expect(w.Sendfile(t, file, 10, 0).Await(ctx)).To(BeZero())
				Expect(w.Sendfile(t, fileOf(nil), 0, 0).Await(ctx)).To(BeZero())
				b := make([]byte, 6)
				_, err := io.ReadFull(peer, b)
				Expect(err).NotTo(HaveOccurred())
				Expect(string(b)).To(Equal("456789"))
			}, bounded)

			It("holds the end of output and ResumeWriting back until it is over", func(ctx SpecContext) {
				file := fileOf(much)
				var f *eventloop.Future[int64]
				resumed := make(chan bool, 1)
				w.on(ctx, func() {
					p.OnResume = func() { resumed <- f.Done() }
					_, _ = t.Write(much)
					f = w.Sendfile(t, file, 0, 0)
					_ = t.WriteEOF()
				})
				got := collected(peer)
				Expect(f.Await(ctx)).To(BeEquivalentTo(len(much)))
				Expect(<-got).To(HaveLen(2 * len(much)))
				Eventually(ctx, resumed).Should(Receive(BeTrue()))
			}, bounded)

			It("copies what is no regular file", func(ctx SpecContext) { // O10
				r, far := filePipe()
				f := w.Sendfile(t, r, 0, 0)
				Expect(far.WriteString("piped")).To(Equal(5))
				Expect(far.Close()).To(Succeed())
				Expect(f.Await(ctx)).To(BeEquivalentTo(5))
				b := make([]byte, 5)
				_, err := io.ReadFull(peer, b)
				Expect(string(b), err).To(Equal("piped"))
			}, bounded)

			It("fails when the peer resets, and so does the connection", func(ctx SpecContext) { // O8
				file := fileOf(much)
				f := w.Sendfile(t, file, 0, 0)
				Consistently(f.Done, tick).Should(BeFalse())
				Expect(peer.SetLinger(0)).To(Succeed())
				Expect(peer.Close()).To(Succeed())
				_, err := f.Await(ctx)
				gone := Satisfy(platform.IsDisconnect)
				Expect(err).To(gone)
				Expect(err).To(BeAssignableToTypeOf(&net.OpError{}))
				Eventually(ctx, p.Done()).Should(BeClosed())
				Expect(p.Err()).To(gone)
				Expect(position(file)).To(BeNumerically("<", len(much)))
			}, bounded)

			It("fails when the transport is closed or aborted meanwhile", func(ctx SpecContext) {
				f := w.Sendfile(t, fileOf(much), 0, 0)
				Consistently(f.Done, tick).Should(BeFalse())
				w.on(ctx, func() { _ = t.Close() })
				_, err := f.Await(ctx)
				Expect(err).To(MatchError(net.ErrClosed))
				Expect(err.(*net.OpError).Op).To(Equal("sendfile"))
				w.on(ctx, t.Abort)
				Eventually(ctx, p.Done()).Should(BeClosed())
				Expect(p.Err()).NotTo(HaveOccurred())
			}, bounded)

			It("gives the transport back when it is cancelled, with the file where it stopped", func(ctx SpecContext) { // O12
				contents := counting(32 << 20)
				file := fileOf(contents)
				f := w.Sendfile(t, file, 0, 0)
				first := make([]byte, 2<<20)
				_, err := io.ReadFull(peer, first)
				Expect(err).NotTo(HaveOccurred())
				w.on(ctx, func() { f.Cancel() })
				// A step that was under way in the executor still counts.
				Eventually(ctx, func() (err error) {
					w.on(ctx, func() { _, err = t.Write([]byte("tail")) })
					return err
				}).Should(Succeed())
				w.on(ctx, func() { _ = t.Close() })
				at := position(file)
				got := append(first, <-collected(peer)...)
				Expect(at).To(SatisfyAll(BeNumerically(">", 0), BeNumerically("<", len(contents))))
				Expect(string(got[len(got)-4:])).To(Equal("tail"))
				body := got[:len(got)-4]
				Expect(bytes.Equal(body, contents[:len(body)])).To(BeTrue())
				Expect(len(body)).To(BeNumerically(">=", at))
			}, bounded)

			It("fails with the file's error and leaves the connection alone", func(ctx SpecContext) {
				file := fileOf(much)
				Expect(file.Close()).To(Succeed())
				_, err := w.Sendfile(t, file, 0, 0).Await(ctx)
				Expect(err).To(MatchError(os.ErrClosed))
				directory, err := os.Open(GinkgoT().TempDir())
				Expect(err).NotTo(HaveOccurred())
				DeferCleanup(directory.Close)
				_, err = w.Sendfile(t, directory, 0, 0).Await(ctx)
				Expect(err).To(BeAssignableToTypeOf(&os.PathError{}))
				w.on(ctx, func() { _, _ = t.Write([]byte("x")) })
				Expect(peer.Read(make([]byte, 1))).To(Equal(1))
			}, bounded)

			It("refuses a transport that is closing or whose output has ended", func(ctx SpecContext) { // O4
				file := fileOf([]byte("x"))
				var ended, closing error
				w.on(ctx, func() {
					_ = t.WriteEOF()
					ended = outcomeNow(w.Sendfile(t, file, 0, 0))
					_ = t.Close()
					closing = outcomeNow(w.Sendfile(t, file, 0, 0))
				})
				Expect(ended).To(MatchError(eventloop.ErrInvalidState))
				Expect(closing).To(MatchError(eventloop.ErrInvalidState))
			}, bounded)

			It("lets go of everything when the loop closes in the middle", func(ctx SpecContext) {
				other, q := newRealWorld(kind), &recorder.Stream{}
				halt := other.background()
				connectToPeer(ctx, other, q)
				ways[way](other.Loop)
				f := other.Sendfile(q.Transport(), fileOf(much), 0, 0)
				Consistently(f.Done, tick).Should(BeFalse())
				halt()
				Expect(other.Close()).To(Succeed())
				Expect(f.Done()).To(BeFalse())
			}, bounded)

			It("sends over a socket of the program's own", func(ctx SpecContext) { // O10 to O12
				s, far := connectedSocket()
				contents := counting(len(much))
				file := fileOf(contents)
				f := w.SockSendfile(s, file, 0, 0)
				got := collected(far)
				Expect(f.Await(ctx)).To(BeEquivalentTo(len(contents)))
				Expect(position(file)).To(BeEquivalentTo(len(contents)))
				Expect(s.Close()).To(Succeed())
				Expect(bytes.Equal(<-got, contents)).To(BeTrue())
			}, bounded)

			It("lets go of a socket that is closed, and of one when it is cancelled", func(ctx SpecContext) { // O12
				s, _ := connectedSocket()
				f := w.SockSendfile(s, fileOf(much), 0, 0)
				Consistently(f.Done, tick).Should(BeFalse())
				Expect(s.Close()).To(Succeed())
				_, err := f.Await(ctx)
				Expect(err).To(MatchError(net.ErrClosed))

				s, _ = connectedSocket()
				f = w.SockSendfile(s, fileOf(much), 0, 0)
				Consistently(f.Done, tick).Should(BeFalse())
				w.on(ctx, func() { f.Cancel() })
				Eventually(ctx, func() bool {
					var was bool
					w.on(ctx, func() { was, _ = w.RemoveWriter(s.FD()) })
					return was
				}).Should(BeFalse())
				Expect(s.Close()).To(Succeed())
			}, bounded)
		})
	}

	Describe("Sendfile", func() {
		It("refuses arguments that are none", func() { // O9
			w := newRealWorld(kind)
			file := fileOf([]byte("x"))
			s, _ := connectedSocket()
			for _, f := range []*eventloop.Future[int64]{
				w.Sendfile(nil, nil, 0, 0), w.Sendfile(nil, file, -1, 0), w.Sendfile(nil, file, 0, -1),
				w.SockSendfile(s, nil, 0, 0), w.SockSendfile(s, file, -1, 0), w.SockSendfile(s, file, 0, -1),
				w.SockSendfile(nil, file, 0, 0), w.SockSendfile(rawSocketAt("udp4", anyUDP), file, 0, 0),
			} {
				Expect(failure(f)).To(MatchError(os.ErrInvalid))
			}
		})

		if offers(kind, platform.ConnectWritePipe) {
			It("refuses a transport that sends nothing", func(ctx SpecContext) { // O4
				w, p := newRealWorld(kind), &recorder.Stream{}
				w.background()
				r, _ := pipeInto(kind)
				readingPipe(ctx, w, p, r)
				Expect(outcome(ctx, w.Sendfile(nil, fileOf(nil), 0, 0))).To(MatchError(eventloop.ErrInvalidState))
				_, err := w.Sendfile(p.Transport(), fileOf(nil), 0, 0).Await(ctx)
				Expect(err).To(HaveOccurred())
				w.on(ctx, p.Transport().Abort)
				Eventually(ctx, p.Done()).Should(BeClosed())
			}, bounded)

			It("copies into a write pipe", func(ctx SpecContext) {
				w, p := newRealWorld(kind), &recorder.Stream{}
				w.background()
				r, far := pipeOutOf(kind)
				pipe := writingPipe(ctx, w, p, far)
				got := make(chan []byte, 1)
				go func() { b, _ := io.ReadAll(r); got <- b }()
				contents := counting(1 << 20)
				Expect(w.Sendfile(p.Transport(), fileOf(contents), 0, 0).Await(ctx)).To(BeEquivalentTo(len(contents)))
				w.on(ctx, func() { _ = pipe.Close() })
				Eventually(ctx, p.Done()).Should(BeClosed())
				Expect(bytes.Equal(<-got, contents)).To(BeTrue())
			}, bounded)
		}

		It("says that a socket is not connected", func(ctx SpecContext) { // O10
			w := newRealWorld(kind)
			w.background()
			_, err := w.SockSendfile(ownSocket("tcp4"), fileOf([]byte("x")), 0, 0).Await(ctx)
			Expect(err).To(Or(MatchError(errNotConnected), Satisfy(platform.IsDisconnect)))
		}, bounded)
	})
}

// outcomeNow is the error of a future, asked on its loop's goroutine; nil while it
// is pending.
func outcomeNow[T any](f *eventloop.Future[T]) error {
	if !f.Done() {
		return nil
	}
	return f.Err()
}
