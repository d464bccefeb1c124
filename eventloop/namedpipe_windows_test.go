package eventloop_test

import (
	"io"
	"os"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/windows"

	"github.com/tidemill-go/tidemill/platform"
)

const errPipeTaken = windows.ERROR_ACCESS_DENIED

// dialPipe is a client of a named pipe, closed with the spec. One that comes
// between two instances is told that the pipe is busy.
func dialPipe(name string) io.ReadWriteCloser {
	GinkgoHelper()
	var c io.ReadWriteCloser
	Eventually(func() (err error) { c, err = tryDialPipe(name); return err }).WithTimeout(patient).Should(Succeed())
	return c
}

func tryDialPipe(name string) (io.ReadWriteCloser, error) {
	fd, err := platform.OpenNamedPipe(name)
	if err != nil {
		return nil, err
	}
	c := os.NewFile(uintptr(fd), name)
	DeferCleanup(func() { _ = c.Close() })
	return c, nil
}

// pipesHaveOneServer reports whether the system gives a name to one server only.
func pipesHaveOneServer() bool {
	name := freshPipe()
	instanceOf(name, true)
	fd, err := platform.CreatePipeInstance(name, true)
	if err != nil {
		return true
	}
	_ = platform.CloseFD(fd)
	return false
}
