package eventloop_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
	"github.com/tidemill-go/tidemill/subprocess"
)

// A child of the specs runs a script: the shell's where there is one, and
// elsewhere that of a helper program, which knows the words that specs use.
// Descriptor 3 of a script is the gate of its specification.

// cat is a child that says what it is told, until that ends.
func cat() subprocess.Spec { return shell("exec cat", subprocess.Spec{}) }

// nothing is a child that ends at once.
func nothing() subprocess.Spec { return shell("exit 0", subprocess.Spec{}) }

// newNursery makes a loop that runs in the background, for a spec that may leave
// no child behind.
func newNursery(kind string) *world {
	GinkgoHelper()
	guardChildren()
	w := newRealWorld(kind)
	w.background()
	return w
}

func guardChildren() {
	DeferCleanup(func() {
		Eventually(childProcesses).WithTimeout(patient).Should(BeEmpty(), "children are left")
	})
}

// exec starts a program with the recorder p.
func (w *world) exec(ctx context.Context, p *recorder.Subprocess, spec subprocess.Spec) protocols.SubprocessTransport {
	GinkgoHelper()
	c, err := w.SubprocessExec(makes(p), spec).Await(ctx)
	Expect(err).NotTo(HaveOccurred())
	Expect(c.Protocol).To(BeIdenticalTo(p))
	DeferCleanup(func() { Expect(p.Violations()).To(BeEmpty()) })
	return c.Transport
}

// sh starts a shell script with the recorder p.
func (w *world) sh(ctx context.Context, p *recorder.Subprocess, script string) protocols.SubprocessTransport {
	GinkgoHelper()
	return w.exec(ctx, p, shell(script, subprocess.Spec{}))
}

func makes(p protocols.SubprocessProtocol) func() protocols.SubprocessProtocol {
	return func() protocols.SubprocessProtocol { return p }
}

// ended waits for ConnectionLost and the turn behind it, and returns the return
// code.
func (w *world) ended(ctx context.Context, p *recorder.Subprocess) (code int) {
	GinkgoHelper()
	Eventually(ctx, p.Done()).Should(BeClosed())
	w.on(ctx, func() {
		var exited bool
		code, exited = p.Transport().ReturnCode()
		if !exited {
			code = -1000
		}
	})
	return code
}

// types sends text to the child's standard input.
func (w *world) types(ctx context.Context, t protocols.SubprocessTransport, text string) {
	GinkgoHelper()
	w.on(ctx, func() { _, _ = t.PipeTransport(0).Write([]byte(text)) })
}
