package transports_test

import (
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
	"github.com/tidemill-go/tidemill/transports"
	"github.com/tidemill-go/tidemill/transports/memory"
)

var _ = onBothStyles("Listener.PauseAccepting", func(newHost func() *memory.Host) {
	var (
		host   *memory.Host
		port   *memory.Port
		l      *transports.Listener
		made   int
		client = address("192.0.2.7:4711")
	)
	BeforeEach(func() {
		host, made = newHost(), 0
		port = host.NewPort()
		var err error
		l, err = transports.Listen(host, port.FD(), transports.ListenerConfig{
			Factory: func() protocols.Protocol {
				if made++; made == 2 {
					l.PauseAccepting()
				}
				return &recorder.Stream{}
			},
			Local: address("192.0.2.1:80"),
		})
		Expect(err).NotTo(HaveOccurred())
	})

	It("leaves the rest of a batch to the kernel, until ResumeAccepting", func() {
		for range 5 {
			port.Dial(client)
		}
		host.RunUntilIdle()
		Expect(made).To(Equal(2))
		Expect(port.Waiting()).To(Equal(3))
		l.PauseAccepting()
		l.ResumeAccepting()
		l.ResumeAccepting()
		host.RunUntilIdle()
		Expect(made).To(Equal(5))
		Expect(port.Resumed()).To(Equal(1))
	})

	It("outlasts the pause after an error", func() {
		port.Fail(syscall.EMFILE)
		host.RunUntilIdle()
		l.PauseAccepting()
		port.Dial(client)
		host.Advance(2 * time.Second)
		Expect(made).To(BeZero())
		l.ResumeAccepting()
		host.RunUntilIdle()
		Expect(made).To(Equal(1))
	})

	It("does not cut the pause after an error short", func() {
		port.Fail(syscall.EMFILE)
		port.Dial(client)
		host.RunUntilIdle()
		l.PauseAccepting()
		l.ResumeAccepting()
		host.RunUntilIdle()
		Expect(made).To(BeZero())
		host.Advance(2 * time.Second)
		Expect(made).To(Equal(1))
	})

	It("does nothing to a listener that is closed", func() {
		l.Close()
		l.PauseAccepting()
		l.ResumeAccepting()
		host.RunUntilIdle()
		Expect(port.Resumed()).To(BeZero())
	})
})
