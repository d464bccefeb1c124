package eventloop_test

import (
	"errors"
	"runtime"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/subprocess"
)

type subprocessFactory = func() protocols.SubprocessProtocol

// calls are the facade's methods by what a table may refuse, each with arguments
// that are all wrong.
var calls = map[platform.Operation]call{
	platform.AddReader:            addReader,
	platform.AddWriter:            addWriter,
	platform.RemoveReader:         removeReader,
	platform.RemoveWriter:         removeWriter,
	platform.CreateServerUnix:     createServer,
	platform.CreateConnectionUnix: createConnection,
	platform.ConnectReadPipe:      connectReadPipe,
	platform.ConnectWritePipe:     connectWritePipe,
	platform.AddSignalHandler:     addSignalHandler,
	platform.RemoveSignalHandler:  removeSignalHandler,

	platform.CreateDatagramEndpoint: func(l *eventloop.Loop, _ func() protocols.Protocol) error {
		return failure(l.CreateDatagramEndpoint(nil, &eventloop.DatagramConfig{LocalAddr: "nonsense"}))
	},
	platform.CreateDatagramEndpointUnix: func(l *eventloop.Loop, _ func() protocols.Protocol) error {
		return failure(l.CreateDatagramEndpoint(nil, &eventloop.DatagramConfig{Network: "unixgram", LocalAddr: "\x00"}))
	},
	platform.SockRecvfrom: func(l *eventloop.Loop, _ func() protocols.Protocol) error {
		return failure(l.SockRecvfrom(nil, -1))
	},
	platform.SockSendto: func(l *eventloop.Loop, _ func() protocols.Protocol) error {
		return failure(l.SockSendto(nil, nil, nil))
	},
	platform.CreatePipeServer: func(l *eventloop.Loop, factory func() protocols.Protocol) error {
		return failure(l.CreatePipeServer(factory, "nonsense"))
	},
	platform.CreatePipeConnection: func(l *eventloop.Loop, factory func() protocols.Protocol) error {
		return failure(l.CreatePipeConnection(factory, "nonsense"))
	},
	platform.ReusePort: func(l *eventloop.Loop, factory func() protocols.Protocol) error {
		return failure(l.CreateServer(factory, "tcp", "nonsense", &eventloop.ServerConfig{ReusePort: true}))
	},
	platform.SubprocessExec: func(l *eventloop.Loop, _ func() protocols.Protocol) error {
		return failure(l.SubprocessExec(subprocessFactory(nil), subprocess.Spec{}))
	},
	platform.SubprocessShell: func(l *eventloop.Loop, _ func() protocols.Protocol) error {
		return failure(l.SubprocessShell(subprocessFactory(nil), "", subprocess.Spec{}))
	},
	platform.SubprocessPTY: func(l *eventloop.Loop, _ func() protocols.Protocol) error {
		return failure(l.SubprocessExec(subprocessFactory(nil), subprocess.Spec{PTY: &subprocess.PTY{}}))
	},
	platform.ChildWatcher: func(*eventloop.Loop, func() protocols.Protocol) error {
		_, err := (&eventloop.DefaultPolicy{}).ChildWatcher()
		return err
	},
	platform.SetChildWatcher: func(*eventloop.Loop, func() protocols.Protocol) error {
		return (&eventloop.DefaultPolicy{}).SetChildWatcher(nil)
	},
}

// withoutCalls are the rows that no single method is about: constructors, what
// depends on the file or the configuration that a method is given, and the ways
// of doing what is there in another way, too.
var withoutCalls = []platform.Operation{
	platform.NewSelectorLoop, platform.NewProactorLoop,
	platform.AddReaderCharDevice, platform.AddWriterCharDevice,
	platform.ConnectReadPipeCharDevice, platform.ConnectWritePipeCharDevice,
	platform.SendfileNative, platform.UnixAbstractName, platform.PacketInfo,
	platform.ChildWatcherPidFD, platform.ChildWatcherKqueue, platform.ChildWatcherSIGCHLD,
}

func kindRefusalSpecs(kind string) {
	target := platform.Target{Loop: kind}
	for _, op := range platform.Operations() {
		if platform.For(target).Check(op) == nil || slices.Contains(withoutCalls, op) {
			continue
		}
		It("refuses "+op.String()+" before anything else, and says what to do instead", func() {
			for _, state := range []string{"idle", "running", "closed"} {
				w := newRealWorld(kind)
				switch state {
				case "running":
					w.background()
				case "closed":
					Expect(w.Close()).To(Succeed())
				}
				expectRefusal(w, target, op, state)
			}
		})
	}
}

func expectRefusal(w *world, target platform.Target, op platform.Operation, state string) {
	GinkgoHelper()
	Expect(calls).To(HaveKey(op))
	made := 0
	before, running := descriptors(), runtime.NumGoroutine()
	for _, factory := range []func() protocols.Protocol{nil, func() protocols.Protocol { made++; return nil }} {
		var e *platform.UnsupportedError
		Expect(errors.As(calls[op](w.Loop, factory), &e)).To(BeTrue(), state)
		Expect(e).To(Equal(refusal(target, op)))
		Expect(e).To(MatchError(errors.ErrUnsupported))
		Expect([]string{e.Reason, e.Alternative}).NotTo(ContainElement(BeEmpty()))
	}
	Expect(made).To(BeZero())
	Expect(descriptors()).To(Equal(before))
	Expect(runtime.NumGoroutine()).To(BeNumerically("<=", running))
}
