package eventloop_test

import (
	"errors"
	"net"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

// descriptorError matches the *net.OpError of a descriptor that is refused.
func descriptorError(op string, errno syscall.Errno) OmegaMatcher {
	return SatisfyAll(
		MatchError(errno),
		WithTransform(func(err error) string {
			var e *net.OpError
			if !errors.As(err, &e) {
				return "no *net.OpError"
			}
			return e.Op
		}, Equal(op)),
	)
}

func watchRefusalSpecs(kind string) {
	Describe("a closed loop", func() {
		It("refuses readers and writers, and has none to remove", func() { // A45 A46
			w := newWorld(kind)
			Expect(w.Close()).To(Succeed())
			r, _ := readablePipe("x")
			Expect(w.AddReader(r.Fd(), func() {})).To(MatchError(eventloop.ErrLoopClosed))
			Expect(w.AddWriter(r.Fd(), func() {})).To(MatchError(eventloop.ErrLoopClosed))
			Expect(w.RemoveReader(r.Fd())).To(BeFalse())
			Expect(w.RemoveWriter(r.Fd())).To(BeFalse())
		})
	})

	Describe("AddReader and AddWriter", func() {
		It("refuse a negative descriptor with EBADF", func() { // C8
			w := newWorld(kind)
			negative := -1
			Expect(w.AddReader(uintptr(negative), func() {})).To(descriptorError("AddReader", errClosedFD))
			Expect(w.AddWriter(uintptr(negative), func() {})).To(descriptorError("AddWriter", errClosedFD))
			Expect(w.RemoveReader(uintptr(negative))).To(BeFalse())
			Expect(w.RemoveWriter(uintptr(negative))).To(BeFalse())
		})

		It("refuse a closed descriptor with EBADF, and forget it", func() { // C8
			w := newWorld(kind)
			r, _ := newPipe()
			fd := r.Fd()
			r.Close()
			Expect(w.AddReader(fd, func() {})).To(descriptorError("AddReader", errClosedFD))
			Expect(w.AddWriter(fd, func() {})).To(descriptorError("AddWriter", errClosedFD))
			Expect(w.RemoveReader(fd)).To(BeFalse())
			w.once()
		})

		It("refuse a nil callback and keep the one that was there", func() { // C6
			w, t := newWorld(kind), &trace{}
			r, _ := readablePipe("x")
			Expect(w.AddReader(r.Fd(), t.adds("kept"))).To(Succeed())
			Expect(w.AddReader(r.Fd(), nil)).To(MatchError(ContainSubstring("nil callback given to AddReader")))
			Expect(w.AddWriter(r.Fd(), nil)).To(MatchError(ContainSubstring("nil callback given to AddWriter")))
			w.once()
			Expect(t.take()).To(Equal([]string{"kept"}))
			Expect(w.RemoveReader(r.Fd())).To(BeTrue())
		})

		if !offers(kind, platform.AddReaderCharDevice) {
			It("refuse a regular file, because it is no socket, and register nothing", func() {
				w := newWorld(kind)
				f := regularFile()
				Expect(w.AddReader(f.Fd(), func() {})).To(MatchError(errUnwatchable))
				Expect(w.AddWriter(f.Fd(), func() {})).To(MatchError(errUnwatchable))
				Expect(w.RemoveReader(f.Fd())).To(BeFalse())
				Expect(w.RemoveWriter(f.Fd())).To(BeFalse())
			})
		} else if kind == "epoll" {
			It("refuse a regular file with EPERM, and register nothing", func() { // C10
				w := newWorld(kind)
				f := regularFile()
				Expect(w.AddReader(f.Fd(), func() {})).To(descriptorError("AddReader", errUnwatchable))
				Expect(w.AddWriter(f.Fd(), func() {})).To(descriptorError("AddWriter", errUnwatchable))
				Expect(w.RemoveReader(f.Fd())).To(BeFalse())
				Expect(w.RemoveWriter(f.Fd())).To(BeFalse())
			})
		} else {
			It("find a regular file always ready", func() { // C10
				w, t := newWorld(kind), &trace{}
				f := regularFile()
				Expect(w.AddReader(f.Fd(), t.adds("reader"))).To(Succeed())
				Expect(w.AddWriter(f.Fd(), t.adds("writer"))).To(Succeed())
				w.once()
				w.once()
				Expect(t.take()).To(Equal([]string{"reader", "writer", "reader", "writer"}))
				Expect(w.RemoveReader(f.Fd())).To(BeTrue())
				Expect(w.RemoveWriter(f.Fd())).To(BeTrue())
			})
		}
	})

	Describe("a descriptor that a transport owns", func() {
		It("is refused until the transport is closing", func(ctx SpecContext) { // C7
			w := newRealWorld(kind)
			halt := w.background()
			client := &recorder.Stream{}
			connectToPeer(ctx, w, client)
			fd := client.Transport().ExtraInfo("socket").(*platform.Socket).FD()
			var errs, closing []error
			try := func() (errs []error) {
				_, removeReader := w.RemoveReader(fd)
				_, removeWriter := w.RemoveWriter(fd)
				return append(errs, w.AddReader(fd, func() {}), w.AddWriter(fd, func() {}), removeReader, removeWriter)
			}
			w.on(ctx, func() {
				errs = try()
				client.Transport().Abort()
				closing = try()
			})
			Eventually(ctx, client.Done()).Should(BeClosed())
			halt()
			for _, err := range errs {
				Expect(err).To(MatchError(eventloop.ErrInvalidState))
				Expect(err).To(MatchError(ContainSubstring("owns")))
			}
			for _, err := range closing {
				Expect(err).NotTo(HaveOccurred())
			}
		}, bounded)

		It("is refused if it is a server's, listening or not", func(ctx SpecContext) { // C7
			w := newRealWorld(kind)
			w.background()
			server, err := w.CreateServer(newEcho, "tcp", "127.0.0.1:0", nil).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			var refused error
			w.on(ctx, func() {
				refused = w.AddReader(server.Sockets()[0].FD(), func() {})
				server.Close()
			})
			Expect(refused).To(MatchError(eventloop.ErrInvalidState))
		}, bounded)
	})
}
