package tidemill_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/looptest"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/protocols"
)

var _ = Describe("a unixgram endpoint", func() {
	for _, kind := range looptest.Kinds() {
		It("is refused on "+kind+" before its factory is called", func() {
			e := newEnv(kind)
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			called := false
			factory := func() protocols.DatagramProtocol { called = true; return nil }
			_, err := e.loop.CreateDatagramEndpoint(factory, &eventloop.DatagramConfig{Network: "unixgram", LocalAddr: "s"}).Await(ctx)
			Expect(err).To(BeAssignableToTypeOf(&platform.UnsupportedError{}))
			Expect(called).To(BeFalse())
		})
	}
})
