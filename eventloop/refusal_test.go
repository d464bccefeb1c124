package eventloop_test

import (
	"errors"
	"math"
	"os"
	"runtime"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/looptest"
	"github.com/tidemill-go/tidemill/eventloop/selector"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
)

var (
	iocp          = platform.Target{OS: "windows", Loop: "iocp"}
	windowsSelect = platform.Target{OS: "windows", Loop: "select"}
)

// call is a facade method with arguments that are all wrong, so that whatever it
// looks at before the platform shows.
type call func(l *eventloop.Loop, factory func() protocols.Protocol) error

const nowhere = uintptr(math.MaxUint)

var (
	addReader call = func(l *eventloop.Loop, _ func() protocols.Protocol) error { return l.AddReader(nowhere, nil) }
	addWriter call = func(l *eventloop.Loop, _ func() protocols.Protocol) error { return l.AddWriter(nowhere, nil) }

	removeReader call = func(l *eventloop.Loop, _ func() protocols.Protocol) error {
		_, err := l.RemoveReader(nowhere)
		return err
	}
	removeWriter call = func(l *eventloop.Loop, _ func() protocols.Protocol) error {
		_, err := l.RemoveWriter(nowhere)
		return err
	}
	createServer call = func(l *eventloop.Loop, factory func() protocols.Protocol) error {
		return failure(l.CreateServer(factory, "unix", "", &eventloop.ServerConfig{Addresses: []string{""}, Backlog: -1}))
	}
	connect call = func(l *eventloop.Loop, factory func() protocols.Protocol) error {
		return failure(eventloop.Connect(l, factory, "unix", "", nil))
	}
	connectReadPipe call = func(l *eventloop.Loop, factory func() protocols.Protocol) error {
		return failure(l.ConnectReadPipe(factory, nil))
	}
	connectWritePipe call = func(l *eventloop.Loop, factory func() protocols.Protocol) error {
		return failure(l.ConnectWritePipe(factory, nil))
	}
	addSignalHandler call = func(l *eventloop.Loop, _ func() protocols.Protocol) error {
		return l.AddSignalHandler(nil, nil)
	}
	removeSignalHandler call = func(l *eventloop.Loop, _ func() protocols.Protocol) error {
		_, err := l.RemoveSignalHandler(nil)
		return err
	}
	createConnection call = func(l *eventloop.Loop, factory func() protocols.Protocol) error {
		return failure(l.CreateConnection(factory, "unix", "", nil))
	}
)

// failure is the error of a future that has failed already.
func failure[T any](f *eventloop.Future[T]) error {
	if !f.Done() {
		return errors.New("the future is pending")
	}
	return f.Err()
}

var _ = DescribeTable("a loop of Windows refuses before anything else",
	func(target platform.Target, op platform.Operation, method call) {
		for _, state := range []string{"idle", "running", "closed"} {
			w := newRealWorld("")
			eventloop.Pretend(w.Loop, target)
			switch state {
			case "running":
				w.background()
			case "closed":
				Expect(w.Close()).To(Succeed())
			}
			made := 0
			before, running := descriptors(), runtime.NumGoroutine()
			for _, factory := range []func() protocols.Protocol{nil, func() protocols.Protocol { made++; return nil }} {
				err := method(w.Loop, factory)
				Expect(err).To(MatchError(errors.ErrUnsupported), state)
				var e *platform.UnsupportedError
				Expect(errors.As(err, &e)).To(BeTrue())
				Expect(e).To(Equal(refusal(target, op)))
				Expect(e.Op).To(Equal(string(op)))
				Expect(e.OS).To(Equal("windows"))
				Expect(e.Reason).NotTo(BeEmpty())
				Expect(e.Alternative).NotTo(BeEmpty())
			}
			Expect(made).To(BeZero())
			Expect(descriptors()).To(Equal(before))
			Expect(runtime.NumGoroutine()).To(BeNumerically("<=", running))
		}
	},
	Entry("AddReader on iocp", iocp, platform.AddReader, addReader),
	Entry("AddWriter on iocp", iocp, platform.AddWriter, addWriter),
	Entry("RemoveReader on iocp", iocp, platform.RemoveReader, removeReader),
	Entry("RemoveWriter on iocp", iocp, platform.RemoveWriter, removeWriter),
	Entry("CreateServer of a Unix socket on iocp", iocp, platform.CreateServerUnix, createServer),
	Entry("CreateServer of a Unix socket on select", windowsSelect, platform.CreateServerUnix, createServer),
	Entry("CreateConnection to a Unix socket on iocp", iocp, platform.CreateConnectionUnix, createConnection),
	Entry("CreateConnection to a Unix socket on select", windowsSelect, platform.CreateConnectionUnix, createConnection),
	Entry("Connect to a Unix socket on iocp", iocp, platform.CreateConnectionUnix, connect),
	Entry("Connect to a Unix socket on select", windowsSelect, platform.CreateConnectionUnix, connect),
	Entry("AddSignalHandler on iocp", iocp, platform.AddSignalHandler, addSignalHandler),
	Entry("AddSignalHandler on select", windowsSelect, platform.AddSignalHandler, addSignalHandler),
	Entry("RemoveSignalHandler on iocp", iocp, platform.RemoveSignalHandler, removeSignalHandler),
	Entry("RemoveSignalHandler on select", windowsSelect, platform.RemoveSignalHandler, removeSignalHandler),
	Entry("ConnectReadPipe on select", windowsSelect, platform.ConnectReadPipe, connectReadPipe),
	Entry("ConnectWritePipe on select", windowsSelect, platform.ConnectWritePipe, connectWritePipe),
)

// refusal is what the platform table says.
func refusal(t platform.Target, op platform.Operation) *platform.UnsupportedError {
	var e *platform.UnsupportedError
	Expect(errors.As(platform.For(t).Check(op), &e)).To(BeTrue())
	return e
}

var _ = Describe("a loop of Windows", func() {
	It("has readers and writers for sockets on select", func() {
		w, t := newRealWorld(""), &trace{}
		eventloop.Pretend(w.Loop, windowsSelect)
		a, _ := newSocketPair()
		Expect(w.AddWriter(a.Fd(), t.adds("writable"))).To(Succeed())
		w.once()
		Expect(t.take()).To(Equal([]string{"writable"}))
		Expect(w.RemoveWriter(a.Fd())).To(BeTrue())
	})

	It("says so among its capabilities", func() {
		w := newRealWorld("")
		eventloop.Pretend(w.Loop, iocp)
		Expect(w.Capabilities().Check(platform.AddReader)).To(MatchError(errors.ErrUnsupported))
	})
})

var _ = Describe("the constructors", func() {
	BeforeEach(guard)

	It("make a proactor loop, or refuse it with a reason and an alternative", func() {
		for _, cfg := range []*eventloop.ProactorConfig{nil, {Debug: true}} {
			l, err := eventloop.NewProactorLoop(cfg)
			if err == nil {
				Expect(looptest.Kinds()).To(ContainElement(l.Kind()))
				Expect(l.Debug()).To(Equal(cfg != nil))
				Expect(l.Close()).To(Succeed())
				continue
			}
			Expect(l).To(BeNil())
			Expect(err).To(MatchError(errors.ErrUnsupported))
			var e *platform.UnsupportedError
			Expect(errors.As(err, &e)).To(BeTrue())
			Expect(e.Op).To(Equal("NewProactorLoop"))
			Expect(e.OS).To(Equal(runtime.GOOS))
			Expect(e.Reason).NotTo(BeEmpty())
			Expect(e.Alternative).NotTo(BeEmpty())
		}
	})

	It("refuse a mechanism of another system, and one that nobody knows", func() {
		for _, name := range []string{"epoll", "kqueue"} {
			if slices.ContainsFunc(selector.Mechanisms(), func(m selector.Mechanism) bool { return m.Name == name }) {
				continue
			}
			l, err := eventloop.NewSelectorLoop(&eventloop.SelectorConfig{Selector: name})
			Expect(l).To(BeNil())
			Expect(err).To(MatchError(errors.ErrUnsupported))
		}
		l, err := eventloop.NewSelectorLoop(&eventloop.SelectorConfig{Selector: "abacus"})
		Expect(l).To(BeNil())
		Expect(err).To(MatchError(selector.ErrUnknownMechanism))
	})

	It("refuse what is neither a name nor a selector", func() {
		l, err := eventloop.NewSelectorLoop(&eventloop.SelectorConfig{Selector: os.Stdin})
		Expect(l).To(BeNil())
		Expect(err).To(MatchError(ContainSubstring("*os.File")))
	})

	It("take nil for the zero value", func() { // B16
		l, err := eventloop.NewSelectorLoop(nil)
		Expect(err).NotTo(HaveOccurred())
		Expect(l.Kind()).To(Equal(selector.Mechanisms()[0].Name))
		Expect(l.SlowCallback()).To(Equal(eventloop.DefaultSlowCallback))
		Expect(l.Close()).To(Succeed())
	})
})
