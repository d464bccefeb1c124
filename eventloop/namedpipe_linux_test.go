package eventloop_test

import (
	"io"
	"net"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const errPipeTaken = syscall.EADDRINUSE

// dialPipe is a client of what stands for a named pipe, closed with the spec.
func dialPipe(name string) io.ReadWriteCloser {
	GinkgoHelper()
	c, err := tryDialPipe(name)
	Expect(err).NotTo(HaveOccurred())
	return c
}

func tryDialPipe(name string) (io.ReadWriteCloser, error) {
	c, err := net.Dial("unix", socketOfPipe(name))
	if err == nil {
		DeferCleanup(func() { _ = c.Close() })
	}
	return c, err
}

func pipesHaveOneServer() bool { return true }
