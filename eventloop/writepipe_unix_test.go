//go:build unix

package eventloop_test

import (
	"net"
	"os"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

// silentPipeSpecs are about what has no end, or none of its own.
func silentPipeSpecs(kind string) {
	Describe("a write pipe whose other end does not tell", func() {
		It("lives on a terminal until a write fails", func(ctx SpecContext) { // K14
			w, p := newRealWorld(kind), &recorder.Stream{}
			w.background()
			master, slave := pseudoTerminal()
			pipe := writingPipe(ctx, w, p, slave)
			Expect(master.WriteString("typed\n")).To(Equal(6))
			Consistently(p.String, tick).Should(Equal("made"))
			w.on(ctx, func() { _, _ = pipe.Write([]byte("shown\n")) })
			b := make([]byte, 100)
			Eventually(ctx, func() (string, error) { n, err := master.Read(b); return string(b[:n]), err }).Should(ContainSubstring("shown"))
			w.on(ctx, func() { _ = pipe.Close() })
			Eventually(ctx, p.Done()).Should(BeClosed())
			Expect(p.String()).To(Equal("made lost(nil)"))
		}, bounded)

		It("lives on a FIFO that it can read itself", func(ctx SpecContext) {
			w, p := newRealWorld(kind), &recorder.Stream{}
			w.background()
			_, file := fifoAt(os.O_RDWR)
			pipe := writingPipe(ctx, w, p, file)
			w.on(ctx, func() { _, _ = pipe.Write([]byte("kept")) })
			Consistently(p.String, tick).Should(Equal("made"))
			w.on(ctx, func() { _ = pipe.Close() })
			Eventually(ctx, p.Done()).Should(BeClosed())
		}, bounded)
	})

	Describe("a socket that is given as a pipe", func() {
		It("is written to until its peer closes or sends", func(ctx SpecContext) { // K1, K19
			for _, end := range []func(*net.TCPConn){
				func(c *net.TCPConn) { _ = c.Close() },
				func(c *net.TCPConn) { _, _ = c.Write([]byte("input")) },
			} {
				w, p := newRealWorld(kind), &recorder.Stream{}
				w.background()
				l := listen()
				client := dial(l.Addr())
				far, err := l.Accept()
				Expect(err).NotTo(HaveOccurred())
				file, err := far.(*net.TCPConn).File()
				Expect(err).NotTo(HaveOccurred())
				Expect(far.Close()).To(Succeed())
				pipe := writingPipe(ctx, w, p, file)
				w.on(ctx, func() { _, _ = pipe.Write([]byte("x")) })
				Expect(client.Read(make([]byte, 1))).To(Equal(1))
				end(client)
				Eventually(ctx, p.Done()).Should(BeClosed())
				Expect(p.String()).To(Equal("made lost(nil)"))
				Expect(extra(ctx, w, pipe, "pipe")).To(BeAssignableToTypeOf(&platform.Descriptor{}))
			}
		}, bounded)
	})
}
