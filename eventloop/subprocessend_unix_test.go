//go:build unix

package eventloop_test

import (
	"errors"
	"os"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/protocols/recorder"
	"github.com/tidemill-go/tidemill/subprocess"
)

// subprocessSignalSpecs are about signals, and what a child hands on.
func subprocessSignalSpecs(kind string) {
	Describe("SendSignal", func() {
		It("ends the child by any signal", func(ctx SpecContext) { // L10 L16
			w, p := newNursery(kind), &recorder.Subprocess{}
			t := w.exec(ctx, p, cat())
			var err error
			w.on(ctx, func() { err = t.SendSignal(syscall.SIGUSR1) })
			Expect(err).NotTo(HaveOccurred())
			Expect(w.ended(ctx, p)).To(Equal(-int(syscall.SIGUSR1)))
		}, bounded)

		It("reaches a child that handles it", func(ctx SpecContext) { // L16
			w, p := newNursery(kind), &recorder.Subprocess{}
			t := w.sh(ctx, p, "trap 'echo caught; exit 5' HUP; echo ready; while :; do read x; done")
			Eventually(ctx, p.Data).WithArguments(1).Should(Equal([]byte("ready\n")))
			w.on(ctx, func() { _ = t.SendSignal(syscall.SIGHUP); _, _ = t.PipeTransport(0).Write([]byte("\n")) })
			Expect(w.ended(ctx, p)).To(Equal(5))
			Expect(string(p.Data(1))).To(Equal("ready\ncaught\n"))
		}, bounded)

		It("returns the system's error", func(ctx SpecContext) {
			w, p := newNursery(kind), &recorder.Subprocess{}
			t := w.exec(ctx, p, cat())
			var wrong error
			w.on(ctx, func() {
				wrong = t.SendSignal(syscall.Signal(1000))
				_ = t.Close()
			})
			var e *os.SyscallError
			Expect(errors.As(wrong, &e)).To(BeTrue())
			Expect(wrong).To(MatchError(syscall.EINVAL))
			w.ended(ctx, p)
		}, bounded)
	})

	Describe("Close of a child's transport", func() {
		It("sends what is buffered to a grandchild, and Abort does not", func(ctx SpecContext) {
			w := newNursery(kind)
			for _, abort := range []bool{false, true} {
				p := &recorder.Subprocess{}
				r, hold := filePipe()
				out := regularFile()
				t := w.exec(ctx, p, subprocess.Spec{
					Path: "/bin/sh", Args: []string{"-c", "exec 4<&0; (echo >&2; read x <&3; cat <&4) & read x <&3; exit 0"},
					Stdout: out, ExtraFiles: []*os.File{r},
				})
				Eventually(ctx, p.Pipe).WithArguments(2).Should(Equal("data2(1)")) // it is there
				w.on(ctx, func() {
					_, _ = t.PipeTransport(0).Write(make([]byte, 1<<20))
					if abort {
						t.Abort()
					} else {
						_ = t.Close()
					}
				})
				Eventually(ctx, p.Count).WithArguments(recorder.Exited).Should(Equal(1))
				if abort {
					w.ended(ctx, p)
				} else {
					Consistently(p.Done()).WithTimeout(tick).ShouldNot(BeClosed(), p.String())
				}
				Expect(hold.Close()).To(Succeed())
				w.ended(ctx, p)
				if !abort {
					Eventually(func() int64 { info, _ := out.Stat(); return info.Size() }).WithTimeout(patient).Should(Equal(int64(1 << 20)))
				}
			}
		}, bounded)
	})
}
