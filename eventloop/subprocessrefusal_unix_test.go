//go:build unix

package eventloop_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols/recorder"
	"github.com/tidemill-go/tidemill/subprocess"
)

// subprocessLimitSpecs are about the system's refusals.
func subprocessLimitSpecs(kind string) {
	Describe("Communicate with a child", func() {
		It("is refused for a child on a PTY", func(ctx SpecContext) {
			w := newNursery(kind)
			c, err := w.SubprocessExec(subprocess.Held, subprocess.Spec{Path: "cat", PTY: &subprocess.PTY{}}).Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			_, _, err = c.Transport.Communicate(ctx, nil)
			Expect(err).To(MatchError(errors.ErrUnsupported))
			w.on(ctx, func() { _ = c.Transport.Close() })
			gone(ctx, w, c.Transport)
		}, bounded)
	})

	DescribeTable("SubprocessExec refuses", func(spec subprocess.Spec) { // L1
		w := newRealWorld(kind)
		spec.Path = "true"
		Expect(failure(w.SubprocessExec(subprocess.Held, spec))).To(MatchError(os.ErrInvalid))
	},
		Entry("a PTY and a group", subprocess.Spec{PTY: &subprocess.PTY{}, NewProcessGroup: true}),
		Entry("a PTY and an input", subprocess.Spec{PTY: &subprocess.PTY{}, Stdin: subprocess.Pipe}),
		Entry("a PTY and an output", subprocess.Spec{PTY: &subprocess.PTY{}, Stdout: subprocess.DevNull}),
	)

	Describe("SubprocessExec", func() {
		It("fails for want of descriptors, and leaves none open", func(ctx SpecContext) {
			stdout, stderr := helper(ctx, "childlimits:"+kind)
			Expect(stdout).To(Equal("failed: true otherwise: 0\n"), stderr)
		}, bounded)

		if isProactor(kind) {
			return // nothing refuses to be polled
		}

		It("kills a child whose pipes the selector can not watch, or ends the pipes", func(ctx SpecContext) {
			guardChildren()
			m := newTap(kind)
			w, p := newConfiguredWorld(eventloop.SelectorConfig{Selector: m}), &recorder.Subprocess{}
			w.background()
			w.on(ctx, func() { m.refusal = syscall.ENOSPC }) // as epoll says it
			_, err := w.SubprocessExec(makes(p), cat()).Await(ctx)
			if m.isEdgeTriggered() { // and so registered when they are opened
				var e *net.OpError
				Expect(errors.As(err, &e)).To(BeTrue())
				Expect(err).To(MatchError(syscall.ENOSPC))
				Eventually(childProcesses).WithTimeout(patient).Should(BeEmpty())
				w.on(ctx, func() {})
				Expect(p.String()).To(BeEmpty())
				return
			}
			Expect(err).NotTo(HaveOccurred())
			Expect(w.ended(ctx, p)).To(BeZero())
			for fd := range 3 {
				Expect(p.Pipe(fd)).To(Equal(fmt.Sprintf("pipe%d(%v)", fd, syscall.ENOSPC)))
			}
			Expect(w.reports()).To(HaveEach(HaveField("Err", MatchError(syscall.ENOSPC))))
		}, bounded)
	})
}

// isEdgeTriggered says that descriptors are registered when they are opened.
func (t *tap) isEdgeTriggered() bool { return t.sel != nil && t.sel.EdgeTriggered() }
