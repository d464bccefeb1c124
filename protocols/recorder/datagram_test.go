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

type datagramTransport struct{ protocols.DatagramTransport }

var _ = Describe("Datagram", func() {
	from := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}
	refused := &net.OpError{Op: "recvmsg", Net: "udp", Err: os.NewSyscallError("recvmsg", syscall.ECONNREFUSED)}

	It("records one word for each datagram, empty ones included", func() {
		d := &recorder.Datagram{}
		d.ConnectionMade(&datagramTransport{})
		d.DatagramReceived([]byte("hello"), from)
		d.DatagramReceived([]byte("a"), from)
		d.DatagramReceived(nil, from)
		d.ErrorReceived(refused)
		d.PauseWriting()
		d.ResumeWriting()
		Expect(d.Done()).NotTo(BeClosed())
		d.ConnectionLost(nil)
		Expect(d.String()).To(Equal("made data(5) data(1) data(0) error(connection refused) pause resume lost(nil)"))
		Expect(d.Datagrams()).To(Equal([]string{"hello", "a", ""}))
		Expect(d.Events()[1].From).To(BeIdenticalTo(net.Addr(from)))
		Expect(d.Done()).To(BeClosed())
		Expect(d.Err()).NotTo(HaveOccurred())
		Expect(d.Violations()).To(BeEmpty())
	})

	It("accepts ErrorReceived inside the callback that sent", func() {
		d := &recorder.Datagram{}
		d.OnData = func([]byte, net.Addr) { d.ErrorReceived(refused) }
		d.ConnectionMade(&datagramTransport{})
		d.DatagramReceived([]byte("x"), from)
		Expect(d.Violations()).To(BeEmpty())
	})

	It("names what breaks the contract", func() {
		d := &recorder.Datagram{}
		d.DatagramReceived([]byte("x"), nil)
		d.ConnectionMade(nil)
		d.ErrorReceived(nil)
		d.ConnectionLost(nil)
		d.ErrorReceived(refused)
		Expect(d.Violations()).To(Equal([]string{
			"data before made", "data from nobody", "made twice", "made without a transport", "error without one", "error after lost",
		}))
	})

	It("runs its hooks once the call is on record", func() {
		d, t := &recorder.Datagram{}, &datagramTransport{}
		var seen []string
		note := func() { seen = append(seen, d.String()) }
		d.OnMade = func(protocols.DatagramTransport) { note() }
		d.OnData = func([]byte, net.Addr) { note() }
		d.OnError = func(error) { note() }
		d.OnPause, d.OnResume = note, note
		d.OnLost = func(error) { note() }
		d.ConnectionMade(t)
		d.DatagramReceived([]byte("x"), from)
		d.ErrorReceived(refused)
		d.PauseWriting()
		d.ResumeWriting()
		d.ConnectionLost(nil)
		Expect(seen).To(HaveLen(6))
		Expect(seen[5]).To(Equal("made data(1) error(connection refused) pause resume lost(nil)"))
		Expect(d.Transport()).To(BeIdenticalTo(t))
	})
})
