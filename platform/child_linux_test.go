package platform_test

import (
	"os"
	"os/exec"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/platform"
)

// sleeper starts a child that runs until it is killed. Whatever the spec does to
// it, it is reaped in the end.
func sleeper() *exec.Cmd {
	GinkgoHelper()
	cmd := exec.Command("/bin/sh", "-c", "exec sleep 60")
	Expect(cmd.Start()).To(Succeed())
	DeferCleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = cmd.Process.Release() // if it was not Wait that reaped it
	})
	return cmd
}

var _ = Describe("EndedChild", func() {
	It("finds a child that has ended, again and again, and leaves its status", func() {
		cmd := sleeper()
		pid := cmd.Process.Pid
		Expect(platform.EndedChild(pid)).To(BeZero())
		Expect(cmd.Process.Kill()).To(Succeed())
		Eventually(platform.EndedChild).WithArguments(pid).Should(Equal(pid))
		Expect(platform.EndedChild(pid)).To(Equal(pid))
		Expect(platform.EndedChild(0)).To(Equal(pid))
		Expect(cmd.Wait()).To(MatchError("signal: killed"))
	})

	It("says ECHILD for a process that is no child", func() {
		_, err := platform.EndedChild(os.Getpid())
		Expect(err).To(Equal(syscall.ECHILD))
		_, err = platform.EndedChild(0)
		Expect(err).To(Equal(syscall.ECHILD))
	})
})

var _ = Describe("EndedPidFD", func() {
	It("finds the child of a descriptor", func() {
		cmd := sleeper()
		fd, err := unix.PidfdOpen(cmd.Process.Pid, 0)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(unix.Close, fd)
		Expect(platform.EndedPidFD(fd)).To(BeFalse())
		Expect(cmd.Process.Kill()).To(Succeed())
		Eventually(platform.EndedPidFD).WithArguments(fd).Should(BeTrue())
		Expect(cmd.Wait()).To(MatchError("signal: killed"))
		_, err = platform.EndedPidFD(fd)
		Expect(err).To(Equal(syscall.ECHILD))
	})
})

var _ = Describe("ReapChild", func() {
	It("takes the status of a child that has ended, once, and waits for none", func() {
		cmd := sleeper()
		pid := cmd.Process.Pid
		_, err := platform.ReapChild(pid)
		Expect(err).To(Equal(syscall.EAGAIN))
		Expect(cmd.Process.Kill()).To(Succeed())
		var status syscall.WaitStatus
		Eventually(func() (err error) {
			status, err = platform.ReapChild(pid)
			return err
		}).Should(Succeed())
		Expect(status.Signal()).To(Equal(syscall.SIGKILL))
		_, err = platform.ReapChild(pid)
		Expect(err).To(Equal(syscall.ECHILD))
	})
})
