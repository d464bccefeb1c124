package eventloop_test

import (
	"errors"
	"net"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
)

// is matches an error in whose chain there is one of type E.
func is[E error]() OmegaMatcher {
	return WithTransform(func(err error) bool {
		var e E
		return errors.As(err, &e)
	}, BeTrue())
}

// question is a call of CreateServer or CreateConnection.
type question struct {
	factory          func() protocols.Protocol
	network, address string
	marks            protocols.Watermarks
}

// badQuestions are refused by both before anything is done.
var badQuestions = []TableEntry{
	Entry("a nil factory", question{network: "tcp", address: "127.0.0.1:0"}, MatchError(ContainSubstring("nil protocol factory"))),
	Entry("an unknown network", question{newEcho, "tcp5", "127.0.0.1:0", protocols.Watermarks{}}, is[net.UnknownNetworkError]()),
	Entry("no network", question{newEcho, "", "127.0.0.1:0", protocols.Watermarks{}}, is[net.UnknownNetworkError]()),
	Entry("an address without a port", question{newEcho, "tcp", "127.0.0.1", protocols.Watermarks{}}, is[*net.AddrError]()),
	Entry("an empty port", question{newEcho, "tcp", "127.0.0.1:", protocols.Watermarks{}}, is[*net.AddrError]()),
	Entry("a port beyond 65535", question{newEcho, "tcp", "127.0.0.1:65536", protocols.Watermarks{}}, is[*net.AddrError]()),
	Entry("a negative port", question{newEcho, "tcp", "127.0.0.1:-1", protocols.Watermarks{}}, is[*net.AddrError]()),
	Entry("an address of the other family", question{newEcho, "tcp4", "[::1]:0", protocols.Watermarks{}}, is[*net.AddrError]()),
	Entry("a negative watermark", question{newEcho, "tcp", "127.0.0.1:0", protocols.Watermarks{Low: -1, High: 10}}, MatchError(protocols.ErrInvalidWatermarks)),
	Entry("a low watermark above the high one", question{newEcho, "tcp", "127.0.0.1:0", protocols.Watermarks{Low: 11, High: 10}}, MatchError(protocols.ErrInvalidWatermarks)),
}

// unresolved are names that nobody knows, which takes the resolver to find out.
var unresolved = []TableEntry{
	Entry("a name that is none", question{newEcho, "tcp", "not a name:80", protocols.Watermarks{}}, is[*net.DNSError](), bounded),
	Entry("a service that is none", question{newEcho, "tcp", "127.0.0.1:no such service", protocols.Watermarks{}}, is[*net.DNSError](), bounded),
}

func badInputSpecs(kind string) {
	DescribeTable("CreateServer refuses at once", func(q question, matcher OmegaMatcher) {
		w := newWorld(kind)
		f := w.CreateServer(q.factory, q.network, q.address, &eventloop.ServerConfig{WriteBufferLimits: q.marks})
		Expect(f.Done()).To(BeTrue())
		Expect(f.Err()).To(And(matcher, is[*net.OpError]()))
		w.once()
	}, badQuestions)

	DescribeTable("CreateConnection refuses at once", func(q question, matcher OmegaMatcher) {
		w := newWorld(kind)
		f := w.CreateConnection(q.factory, q.network, q.address, &eventloop.ConnectionConfig{WriteBufferLimits: q.marks})
		Expect(f.Done()).To(BeTrue())
		Expect(f.Err()).To(And(matcher, is[*net.OpError]()))
		w.once()
	}, badQuestions)

	DescribeTable("CreateServer fails for", func(ctx SpecContext, q question, matcher OmegaMatcher) {
		w := newRealWorld(kind)
		_, err := eventloop.RunUntilComplete(w.Loop, w.CreateServer(q.factory, q.network, q.address, nil))
		Expect(err).To(And(matcher, is[*net.OpError]()))
	}, unresolved)

	DescribeTable("CreateConnection fails for", func(ctx SpecContext, q question, matcher OmegaMatcher) {
		w := newRealWorld(kind)
		_, err := eventloop.RunUntilComplete(w.Loop, w.CreateConnection(q.factory, q.network, q.address, nil))
		Expect(err).To(And(matcher, is[*net.OpError]()))
	}, unresolved)

	Describe("CreateServer", func() {
		It("fails with EADDRINUSE for a port in use, and closes what it had bound", func(ctx SpecContext) {
			w := newRealWorld(kind)
			taken := listen()
			before := descriptors()
			_, err := eventloop.RunUntilComplete(w.Loop, w.CreateServer(newEcho, "tcp", "127.0.0.1:0",
				&eventloop.ServerConfig{Addresses: []string{taken.Addr().String()}}))
			Expect(err).To(MatchError(errInUse))
			var e *net.OpError
			Expect(errors.As(err, &e)).To(BeTrue())
			Expect(e.Op).To(Equal("listen"))
			Expect(e.Addr.String()).To(Equal(taken.Addr().String()))
			Expect(descriptors()).To(Equal(before))
		}, bounded)

		It("checks every address before it opens any", func() {
			w := newWorld(kind)
			f := w.CreateServer(newEcho, "tcp", "127.0.0.1:0", &eventloop.ServerConfig{Addresses: []string{"nonsense"}})
			Expect(f.Err()).To(is[*net.AddrError]())
		})
	})
}
