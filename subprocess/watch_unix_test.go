//go:build unix

package subprocess_test

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/subprocess"
)

// watcherSpecsHere are those of systems with signals, where anybody can reap.
var watcherSpecsHere = []func(*scene){watcherUnixSpecs}

// crowd is how many children end together in a spec.
const crowd = 100

// errReaped is package os's answer about a process that was waited for.
var errReaped = os.ErrProcessDone

func watcherUnixSpecs(s *scene) {
	DescribeTable("reports a child that a signal has ended by minus its number",
		func(ctx SpecContext, sig syscall.Signal) { // L10
			p := startShell(fmt.Sprintf("ulimit -c 0; kill -%d $$", sig))
			add(ctx, s.w, s.l, p, s.got.by("a", s.l))
			Expect(s.next(ctx).code).To(Equal(-int(sig)))
		},
		Entry("SIGKILL", watched, syscall.SIGKILL),
		Entry("SIGTERM", watched, syscall.SIGTERM),
		Entry("SIGABRT, which dumps core", watched, syscall.SIGABRT),
	)

	It("gives 255 and a warning for a child that somebody else has reaped", func(ctx SpecContext) { // L32
		p := startExit(3)
		pid := p.Pid
		ends(ctx, pid)
		_, err := platform.ReapChild(pid)
		Expect(err).NotTo(HaveOccurred())
		add(ctx, s.w, s.l, p, s.got.by("a", s.l))
		Expect(s.next(ctx)).To(Equal(exit{"a", pid, 255, true}))
		Expect(s.log.take()).To(ConsistOf(ContainSubstring("255")))
		Expect(p.Signal(syscall.SIGUSR1)).To(HaveOccurred())
		Expect(p.Release()).To(Succeed())
	}, watched)

	It("refuses a process that was released", func(ctx SpecContext) {
		p := startExit(0)
		_, err := p.Wait()
		Expect(err).NotTo(HaveOccurred())
		Expect(p.Release()).To(Succeed())
		Expect(s.w.AddChildHandler(s.l, p, s.got.by("a", s.l))).To(MatchError(os.ErrInvalid))
	}, watched)

	It("leaves the children of os/exec alone, unless it is the fast one, which says that it took them", func(ctx SpecContext) {
		const rounds = 20
		p := startGated(1)
		add(ctx, s.w, s.l, p.Process, s.got.by("a", s.l))
		failures := 0
		for i := range rounds {
			cmd := exec.CommandContext(ctx, "/bin/sh", "-c", fmt.Sprintf("exit %d", i+1))
			Expect(cmd.Start()).To(Succeed())
			if s.w.Name() == "fast" {
				isReaped(ctx, cmd.Process.Pid)
			}
			if err := cmd.Wait(); cmd.ProcessState.ExitCode() != i+1 {
				Expect(err).To(MatchError(syscall.ECHILD))
				failures++
			}
			Expect(cmd.Process.Release()).To(Succeed())
		}
		p.open()
		Expect(s.next(ctx)).To(Equal(exit{"a", p.pid, 1, true}))
		if s.w.Name() == "fast" {
			Expect(failures).To(Equal(rounds))
			Expect(s.log.take()).To(HaveLen(rounds))
		} else {
			Expect(failures).To(BeZero())
		}
	}, watched)
}

var _ = DescribeTable("a wait status becomes a return code",
	func(status syscall.WaitStatus, code int) { Expect(subprocess.CodeOf(status)).To(Equal(code)) },
	Entry("exit status 0", syscall.WaitStatus(0), 0),
	Entry("exit status 255", syscall.WaitStatus(255<<8), 255),
	Entry("SIGKILL", syscall.WaitStatus(9), -9),
	Entry("SIGSEGV with a core", syscall.WaitStatus(11|0x80), -11),
	Entry("something that the system does not explain", syscall.WaitStatus(0x137f), 0x137f), // L43
)
