package streams_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/streams"
	"github.com/tidemill-go/tidemill/platform"
)

// unixRefusalSpecs are what unixSpecs are elsewhere.
func unixRefusalSpecs(kind string) {
	Describe("on Unix sockets", func() {
		var w *world
		BeforeEach(func() { w = newWorld(kind) })

		It("refuses streams, and looks at no path", func(ctx context.Context) {
			_, err := streams.Listen(ctx, w.Loop, "unix", "", nil)
			Expect(err).To(refusal(kind, platform.CreateServerUnix))
			_, err = streams.StartServer(w.Loop, echoLines, "unix", "", nil).Await(ctx)
			Expect(err).To(refusal(kind, platform.CreateServerUnix))
			_, err = streams.Dial(ctx, w.Loop, "unix", "", nil)
			Expect(err).To(refusal(kind, platform.CreateConnectionUnix))
			_, _, err = streams.OpenConnection(ctx, w.Loop, "unix", "", nil)
			Expect(err).To(refusal(kind, platform.CreateConnectionUnix))
		}, bounded)

		It("refuses datagrams", func(ctx context.Context) {
			_, err := streams.ListenPacket(ctx, w.Loop, "unixgram", "", nil)
			Expect(err).To(refusal(kind, platform.CreateDatagramEndpointUnix))
		}, bounded)
	})
}
