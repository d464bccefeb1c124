//go:build unix

package eventloop_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

// couple is the two ends of a Unix connection on one loop, which can pass files.
type couple struct {
	w         *world
	near, far *recorder.Stream
}

func newCouple(ctx context.Context, w *world) *couple {
	GinkgoHelper()
	w.background()
	c := &couple{w: w, near: &recorder.Stream{}, far: &recorder.Stream{}}
	own, other := newSocketPair()
	for _, side := range []struct {
		p *recorder.Stream
		e *end
	}{{c.near, own}, {c.far, other}} {
		fd, err := unix.FcntlInt(side.e.Fd(), unix.F_DUPFD_CLOEXEC, 0)
		Expect(err).NotTo(HaveOccurred())
		side.e.Close()
		_, err = w.ConnectAcceptedSocket(func() protocols.Protocol { return side.p }, os.NewFile(uintptr(fd), "end"), nil).Await(ctx)
		Expect(err).NotTo(HaveOccurred())
	}
	return c
}

func passer(p *recorder.Stream) protocols.FilePasser {
	return p.Transport().(protocols.FilePasser)
}

// end closes both sides and checks how they were called.
func (c *couple) end(ctx context.Context) {
	GinkgoHelper()
	c.w.on(ctx, func() { c.near.Transport().Abort(); c.far.Transport().Abort() })
	Eventually(ctx, c.near.Done()).Should(BeClosed())
	Eventually(ctx, c.far.Done()).Should(BeClosed())
	Expect(append(c.near.Violations(), c.far.Violations()...)).To(BeEmpty())
}

// tape is a pipe's writing end to be passed, and what comes out at the other.
func tape() (in *os.File, out *os.File) {
	GinkgoHelper()
	out, in, err := os.Pipe()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { _, _ = out.Close(), in.Close() })
	return in, out
}

func fileSpecs(kind string) {
	Describe("a Unix transport that passes files", func() {
		It("hands an open file over, which is there with the bytes it came with", func(ctx SpecContext) {
			c := newCouple(ctx, newRealWorld(kind))
			in, out := tape()
			var taken []*os.File
			c.far.OnData = func([]byte) { taken = passer(c.far).TakeFiles() }
			var n int
			var accepting, writing error
			c.w.on(ctx, func() {
				accepting = passer(c.far).AcceptFiles(1)
				n, writing = passer(c.near).WriteFiles([]byte("hello"), in)
			})
			Expect(accepting).NotTo(HaveOccurred())
			Expect(writing).NotTo(HaveOccurred())
			Expect(n).To(Equal(5))
			Expect(in.Close()).To(Succeed(), "the transport has its own")
			Eventually(ctx, c.far.Data).Should(BeEquivalentTo("hello"))
			c.w.on(ctx, func() {})
			Expect(taken).To(HaveLen(1))
			Expect(taken[0].WriteString("through the passed one")).To(Equal(22))
			Expect(isCloseOnExec(taken[0])).To(BeTrue())
			Expect(taken[0].Close()).To(Succeed())
			Expect(io.ReadAll(out)).To(BeEquivalentTo("through the passed one"))
			c.end(ctx)
		}, bounded)

		It("keeps files in order with bytes that have to wait", func(ctx SpecContext) {
			c := newCouple(ctx, newRealWorld(kind))
			const piece = 1 << 20
			type arrival struct{ at, files int }
			var arrivals []arrival
			got := 0
			c.far.OnData = func(data []byte) {
				files := passer(c.far).TakeFiles()
				if len(files) > 0 {
					arrivals = append(arrivals, arrival{got, len(files)})
				}
				got += len(data)
				closeFiles(files)
			}
			in, _ := tape()
			var errs []error
			c.w.on(ctx, func() {
				errs = append(errs, passer(c.far).AcceptFiles(10))
				for i := range 4 {
					_, err := c.near.Transport().Write(pattern(piece))
					errs = append(errs, err)
					_, err = passer(c.near).WriteFiles([]byte("file"), files(in, i+1)...)
					errs = append(errs, err)
				}
				errs = append(errs, c.near.Transport().WriteEOF())
			})
			Expect(errors.Join(errs...)).NotTo(HaveOccurred())
			Eventually(ctx, c.far.Done()).Should(BeClosed())
			Expect(got).To(Equal(4*piece + 16))
			Expect(arrivals).To(HaveLen(4))
			for i, a := range arrivals {
				Expect(a.files).To(Equal(i + 1))
				first := (i+1)*piece + 4*i // of the four bytes that the files were written with
				Expect(a.at).To(BeNumerically("<=", first))
				Expect(a.at).To(BeNumerically(">", first-piece))
			}
			Expect(string(c.far.Data()[piece : piece+4])).To(Equal("file"))
			c.end(ctx)
		}, bounded)

		It("counts the bytes behind them, and sends them before it closes", func(ctx SpecContext) {
			c := newCouple(ctx, newRealWorld(kind))
			in, _ := tape()
			var before, after int
			c.w.on(ctx, func() {
				c.far.Transport().PauseReading()
				_, _ = c.near.Transport().Write(pattern(4 << 20))
				before = c.near.Transport().WriteBufferSize()
				_, _ = passer(c.near).WriteFiles([]byte("file"), in)
				_, _ = c.near.Transport().Write([]byte("the end"))
				after = c.near.Transport().WriteBufferSize()
				_ = c.near.Transport().Close()
				c.far.Transport().ResumeReading()
			})
			Expect(after - before).To(Equal(11))
			Eventually(ctx, c.far.Done()).Should(BeClosed())
			Expect(c.far.Data()).To(HaveLen(4<<20 + 11))
			Expect(string(c.far.Data()[4<<20:])).To(Equal("filethe end"))
			Expect(c.near.Err()).NotTo(HaveOccurred())
			c.end(ctx)
		}, bounded)

		It("leaves them to the kernel, which closes them, unless they are asked for", func(ctx SpecContext) {
			c := newCouple(ctx, newRealWorld(kind))
			in, out := tape()
			var taken []*os.File
			c.w.on(ctx, func() { _, _ = passer(c.near).WriteFiles([]byte("hello"), in) })
			Eventually(ctx, c.far.Data).Should(BeEquivalentTo("hello"))
			c.w.on(ctx, func() { taken = passer(c.far).TakeFiles() })
			Expect(taken).To(BeEmpty())
			Expect(in.Close()).To(Succeed())
			Expect(io.ReadAll(out)).To(BeEmpty())
			c.end(ctx)
		}, bounded)

		It("closes what nobody has taken, and what nobody will get", func(ctx SpecContext) {
			c := newCouple(ctx, newRealWorld(kind))
			received, out := tape()
			waiting, other := tape()
			c.w.on(ctx, func() {
				_ = passer(c.far).AcceptFiles(5)
				_, _ = passer(c.near).WriteFiles([]byte("hello"), received)
			})
			Eventually(ctx, c.far.Data).Should(BeEquivalentTo("hello"))
			c.w.on(ctx, func() {
				c.far.Transport().PauseReading()
				_, _ = c.near.Transport().Write(pattern(4 << 20))
				_, _ = passer(c.near).WriteFiles([]byte("never"), waiting)
			})
			Expect(received.Close()).To(Succeed())
			Expect(waiting.Close()).To(Succeed())
			c.end(ctx)
			Expect(io.ReadAll(out)).To(BeEmpty())
			Expect(io.ReadAll(other)).To(BeEmpty())
		}, bounded)

		It("closes them with the loop", func(ctx SpecContext) {
			w := newRealWorld(kind)
			c := newCouple(ctx, w)
			in, out := tape()
			w.on(ctx, func() {
				_ = passer(c.far).AcceptFiles(5)
				_, _ = passer(c.near).WriteFiles([]byte("hello"), in)
				c.far.OnData = func([]byte) { c.far.Transport().PauseReading() }
			})
			Eventually(ctx, c.far.Data).Should(BeEquivalentTo("hello"))
			w.on(ctx, func() {
				_, _ = c.near.Transport().Write(pattern(4 << 20))
				_, _ = passer(c.near).WriteFiles([]byte("never"), in)
			})
			w.Stop()
			Eventually(ctx, w.IsRunning).Should(BeFalse())
			Expect(in.Close()).To(Succeed())
			Expect(w.Close()).To(Succeed())
			Expect(io.ReadAll(out)).To(BeEmpty())
		}, bounded)

		It("ends the connection of a peer that passes more than may wait", func(ctx SpecContext) {
			c := newCouple(ctx, newRealWorld(kind))
			in, out := tape()
			c.w.on(ctx, func() {
				_ = passer(c.far).AcceptFiles(1)
				_, _ = passer(c.near).WriteFiles([]byte("hello"), files(in, 2)...)
			})
			Eventually(ctx, c.far.Done()).Should(BeClosed())
			Expect(c.far.Err()).To(And(is[*net.OpError](), MatchError(protocols.ErrFilesDropped)))
			Expect(c.far.Data()).To(BeEmpty())
			Expect(in.Close()).To(Succeed())
			Expect(io.ReadAll(out)).To(BeEmpty())
			c.end(ctx)
		}, bounded)

		It("refuses files without a byte, too many, and closed ones, and writes nothing then", func(ctx SpecContext) {
			c := newCouple(ctx, newRealWorld(kind))
			in, _ := tape()
			closed, _ := tape()
			Expect(closed.Close()).To(Succeed())
			before := descriptors()
			var empty, many, gone error
			c.w.on(ctx, func() {
				p := passer(c.near)
				_, empty = p.WriteFiles(nil, in)
				_, many = p.WriteFiles([]byte("x"), files(in, platform.MaxPassedFDs+1)...)
				_, gone = p.WriteFiles([]byte("x"), in, closed)
			})
			Expect(empty).To(MatchError(os.ErrInvalid))
			Expect(many).To(MatchError(os.ErrInvalid))
			Expect(gone).To(MatchError(ContainSubstring("closed file")))
			Expect(opened(before)).To(BeEmpty())
			c.end(ctx)
			Expect(c.far.Data()).To(BeEmpty())
		}, bounded)

		It("says what Write says when there are no files, when it is closed, and after WriteEOF", func(ctx SpecContext) {
			c := newCouple(ctx, newRealWorld(kind))
			in, _ := tape()
			var plain, ended, closed error
			c.w.on(ctx, func() {
				_, plain = passer(c.near).WriteFiles([]byte("x"))
				_ = c.near.Transport().WriteEOF()
				_, ended = passer(c.near).WriteFiles([]byte("x"), in)
				c.far.Transport().Abort()
				_, closed = passer(c.far).WriteFiles([]byte("x"), in)
			})
			Expect(plain).NotTo(HaveOccurred())
			Expect(ended).To(MatchError(ContainSubstring("WriteEOF")))
			Expect(closed).To(MatchError(net.ErrClosed))
			c.end(ctx)
		}, bounded)

		It("refuses over TCP", func(ctx SpecContext) {
			w := newRealWorld(kind)
			w.background()
			p := &recorder.Stream{}
			connectToPeer(ctx, w, p)
			var can bool
			var accepting, writing error
			w.on(ctx, func() {
				can = passer(p).CanPassFiles()
				accepting = passer(p).AcceptFiles(1)
				_, writing = passer(p).WriteFiles([]byte("x"))
				p.Transport().Abort()
			})
			Expect(can).To(BeFalse())
			Expect(accepting).To(is[*platform.UnsupportedError]())
			Expect(writing).To(MatchError(errors.ErrUnsupported))
		}, bounded)
	})
}

// files is one file n times.
func files(f *os.File, n int) (all []syscall.Conn) {
	for range n {
		all = append(all, f)
	}
	return all
}

func closeFiles(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}

func isCloseOnExec(f *os.File) (is bool) {
	raw, err := f.SyscallConn()
	if err != nil {
		return false
	}
	_ = raw.Control(func(fd uintptr) {
		flags, err := unix.FcntlInt(fd, unix.F_GETFD, 0)
		is = err == nil && flags&unix.FD_CLOEXEC != 0
	})
	return is
}
