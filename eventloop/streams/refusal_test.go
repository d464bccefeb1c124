package streams_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/streams"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/subprocess"
)

// refusal matches the *platform.UnsupportedError of an operation on a kind of
// loop.
func refusal(kind string, op platform.Operation) OmegaMatcher {
	GinkgoHelper()
	want := platform.For(platform.Target{Loop: kind}).Check(op)
	Expect(want).To(BeAssignableToTypeOf(&platform.UnsupportedError{}))
	return MatchError(want)
}

// packetRefusalSpecs are for kinds of loop that carry no datagrams.
func packetRefusalSpecs(kind string) {
	It("refuses ListenPacket", func(ctx context.Context) {
		w := newWorld(kind)
		c, err := streams.ListenPacket(ctx, w.Loop, "udp", "127.0.0.1:0", nil)
		Expect(c).To(BeNil())
		Expect(err).To(refusal(kind, platform.CreateDatagramEndpoint))
	}, bounded)
}

// execRefusalSpecs are for kinds of loop without subprocesses.
func execRefusalSpecs(kind string) {
	It("refuses Exec and Shell, whatever they are asked to run", func(ctx context.Context) {
		w := newWorld(kind)
		p, err := streams.Exec(ctx, w.Loop, subprocess.Spec{})
		Expect(p).To(BeNil())
		Expect(err).To(refusal(kind, platform.SubprocessExec))
		p, err = streams.Shell(ctx, w.Loop, "", subprocess.Spec{})
		Expect(p).To(BeNil())
		Expect(err).To(refusal(kind, platform.SubprocessShell))
	}, bounded)
}
