package recorder_test

import (
	"net"
	"os"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

// childTransport is a child with pipes of the given numbers; a PTY has one for
// two numbers.
type childTransport struct {
	protocols.SubprocessTransport
	pipes map[int]protocols.Transport
}

func (c *childTransport) PipeTransport(fd int) protocols.Transport {
	if p, ok := c.pipes[fd]; ok {
		return p
	}
	return nil
}

func newChild(numbers ...int) *childTransport {
	c := &childTransport{pipes: map[int]protocols.Transport{}}
	for _, fd := range numbers {
		c.pipes[fd] = &transport{}
	}
	return c
}

var _ = Describe("Subprocess", func() {
	broken := &net.OpError{Op: "write", Net: "pipe", Err: os.NewSyscallError("write", syscall.EPIPE)}

	It("records a child's life, with the numbers of its pipes", func() {
		s := &recorder.Subprocess{}
		s.ConnectionMade(newChild(0, 1, 2))
		s.PipeDataReceived(1, []byte("ab"))
		s.PipeDataReceived(1, []byte("c"))
		s.PipeDataReceived(2, []byte("d"))
		s.PauseWriting()
		s.ResumeWriting()
		s.PipeConnectionLost(0, broken)
		s.ProcessExited()
		s.PipeConnectionLost(1, nil)
		s.PipeConnectionLost(2, nil)
		Expect(s.Done()).NotTo(BeClosed())
		s.ConnectionLost(nil)
		Expect(s.Done()).To(BeClosed())
		Expect(s.String()).To(Equal("made data1(3) data2(1) pause resume pipe0(broken pipe) exited pipe1(nil) pipe2(nil) lost(nil)"))
		Expect(s.Pipe(1)).To(Equal("data1(3) pipe1(nil)"))
		Expect(string(s.Data(1))).To(Equal("abc"))
		Expect(s.Count(recorder.PipeLost)).To(Equal(3))
		Expect(s.Violations()).To(BeEmpty())
	})

	It("takes a PTY for one pipe", func() {
		s, c := &recorder.Subprocess{}, newChild(0)
		c.pipes[1] = c.pipes[0]
		s.ConnectionMade(c)
		s.PipeConnectionLost(1, nil)
		s.ProcessExited()
		s.ConnectionLost(nil)
		Expect(s.Violations()).To(BeEmpty())
	})

	It("names what breaks the contract", func() {
		s := &recorder.Subprocess{}
		s.ProcessExited()
		s.ConnectionMade(newChild(1, 2))
		s.PipeDataReceived(0, []byte("x"))
		s.PipeConnectionLost(1, nil)
		s.PipeDataReceived(1, []byte("x"))
		s.PipeConnectionLost(1, nil)
		s.PipeDataReceived(2, nil)
		s.ProcessExited()
		s.ConnectionLost(nil)
		s.ProcessExited()
		Expect(s.Violations()).To(Equal([]string{
			"exited before made", "made twice", "data of pipe 0, which is not there", "data of pipe 1, which is not there",
			"loss of pipe 1, which is not there", "data without a byte", "exited twice", "lost before every pipe",
			"exited after lost", "exited twice",
		}))
		early := &recorder.Subprocess{}
		early.ConnectionMade(newChild())
		early.ConnectionLost(broken)
		Expect(early.Violations()).To(Equal([]string{"lost before exited"}))
	})

	It("adopts a child that lives already", func() {
		s := &recorder.Subprocess{}
		s.Adopt(newChild(1))
		s.PipeDataReceived(1, []byte("x"))
		s.PipeConnectionLost(1, nil)
		s.ProcessExited()
		s.ConnectionLost(nil)
		Expect(s.Violations()).To(BeEmpty())
	})

	It("runs its hooks once the call is on record", func() {
		s, c := &recorder.Subprocess{}, newChild(1)
		var seen []string
		note := func() { seen = append(seen, s.String()) }
		s.OnMade = func(protocols.SubprocessTransport) { note() }
		s.OnData = func(int, []byte) { note() }
		s.OnPipeLost = func(int, error) { note() }
		s.OnExited, s.OnPause, s.OnResume = note, note, note
		s.OnLost = func(error) { note() }
		s.ConnectionMade(c)
		s.PipeDataReceived(1, []byte("x"))
		s.PauseWriting()
		s.ResumeWriting()
		s.PipeConnectionLost(1, nil)
		s.ProcessExited()
		s.ConnectionLost(nil)
		Expect(seen).To(HaveLen(7))
		Expect(seen[6]).To(Equal("made data1(1) pause resume pipe1(nil) exited lost(nil)"))
		Expect(s.Transport()).To(BeIdenticalTo(protocols.SubprocessTransport(c)))
	})
})
