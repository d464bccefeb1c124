package recorder_test

import (
	"errors"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/protocols/recorder"
)

// transport is enough of one to be handed over.
type transport struct{ protocols.Transport }

var _ = Describe("Protocol", func() {
	It("implements neither of the optional interfaces", func() {
		var p any = &recorder.Protocol{}
		_, eof := p.(protocols.EOFReceiver)
		_, flow := p.(protocols.FlowController)
		_, buffered := p.(protocols.BufferedProtocol)
		Expect([]bool{eof, flow, buffered}).To(HaveEach(false))
	})

	It("is ready for use as its zero value", func() {
		p := &recorder.Protocol{}
		Expect(p.String()).To(BeEmpty())
		Expect(p.Events()).To(BeEmpty())
		Expect(p.Data()).To(BeEmpty())
		Expect(p.Violations()).To(BeEmpty())
		Expect(p.Transport()).To(BeNil())
		Expect(p.Err()).NotTo(HaveOccurred())
		Expect(p.Done()).NotTo(BeClosed())
	})

	It("records a connection from beginning to end", func() {
		p, t := &recorder.Protocol{}, &transport{}
		done := p.Done()
		p.ConnectionMade(t)
		p.DataReceived([]byte("hello"))
		Expect(done).NotTo(BeClosed())
		p.ConnectionLost(nil)
		Expect(p.Events()).To(Equal([]recorder.Event{
			{Kind: recorder.Made}, {Kind: recorder.Data, Data: []byte("hello")}, {Kind: recorder.Lost},
		}))
		Expect(p.Transport()).To(BeIdenticalTo(t))
		Expect(done).To(BeClosed())
		Expect(p.Violations()).To(BeEmpty())
	})

	It("keeps its own copy of the data", func() {
		p := &recorder.Protocol{}
		p.ConnectionMade(&transport{})
		data := []byte("hello")
		p.DataReceived(data)
		copy(data, "xxxxx")
		p.Data()[0] = 'y'
		Expect(string(p.Data())).To(Equal("hello"))
	})

	It("merges adjacent data in its one-line form only", func() {
		p := &recorder.Protocol{}
		p.ConnectionMade(&transport{})
		p.DataReceived([]byte("one"))
		p.DataReceived([]byte("three"))
		Expect(p.String()).To(Equal("made data(8)"))
		Expect(p.Events()).To(HaveLen(3))
	})

	It("shows an errno without the addresses around it", func() {
		p := &recorder.Protocol{}
		cause := &net.OpError{
			Op: "read", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1},
			Err: os.NewSyscallError("recvfrom", syscall.ECONNRESET),
		}
		p.ConnectionMade(&transport{})
		p.ConnectionLost(cause)
		Expect(p.String()).To(Equal("made lost(" + syscall.ECONNRESET.Error() + ")"))
		Expect(p.Err()).To(BeIdenticalTo(cause))
	})

	It("shows any other error by its text", func() {
		p := &recorder.Protocol{}
		p.ConnectionMade(&transport{})
		p.ConnectionLost(errors.New("on purpose"))
		Expect(p.String()).To(Equal("made lost(on purpose)"))
	})

	It("runs its hooks once the call is on record", func() {
		p, t := &recorder.Protocol{}, &transport{}
		var seen []any
		p.OnMade = func(t protocols.Transport) { seen = append(seen, t, p.String()) }
		p.OnData = func(data []byte) { seen = append(seen, string(data), p.String()) }
		p.OnLost = func(err error) { seen = append(seen, err, p.String()) }
		p.ConnectionMade(t)
		p.DataReceived([]byte("x"))
		p.ConnectionLost(nil)
		Expect(seen).To(Equal([]any{t, "made", "x", "made data(1)", nil, "made data(1) lost(nil)"}))
	})

	It("stays usable when a hook panics", func() {
		p := &recorder.Protocol{}
		p.OnData = func([]byte) { panic("on purpose") }
		p.OnLost = func(error) { panic("again") }
		p.ConnectionMade(&transport{})
		Expect(func() { p.DataReceived([]byte("x")) }).To(PanicWith("on purpose"))
		Expect(func() { p.ConnectionLost(nil) }).To(PanicWith("again"))
		Expect(p.Done()).To(BeClosed())
		Expect(p.String()).To(Equal("made data(1) lost(nil)"))
		Expect(p.Violations()).To(BeEmpty())
	})

	It("closes Done only after the hook of ConnectionLost", func() {
		p := &recorder.Protocol{}
		var closed bool
		p.OnLost = func(error) {
			select {
			case <-p.Done():
				closed = true
			default:
			}
		}
		p.ConnectionMade(&transport{})
		p.ConnectionLost(nil)
		Expect(closed).To(BeFalse())
		Expect(p.Done()).To(BeClosed())
	})

	It("can be read while the loop calls it", func(ctx SpecContext) {
		p := &recorder.Protocol{}
		var calls sync.WaitGroup
		calls.Go(func() {
			p.ConnectionMade(&transport{})
			for range 100 {
				p.DataReceived([]byte("x"))
			}
			p.ConnectionLost(nil)
		})
		Eventually(ctx, p.String).Should(Equal("made data(100) lost(nil)"))
		Eventually(ctx, p.Done()).Should(BeClosed())
		calls.Wait()
	}, SpecTimeout(5*time.Second))
})
