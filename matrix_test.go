package tidemill_test

import (
	. "github.com/onsi/ginkgo/v2"

	"github.com/tidemill-go/tidemill/eventloop/looptest"
	"github.com/tidemill-go/tidemill/transports/conformance"
)

// transport is a column of the matrix: a new kind of stream is one line here.
type transport struct {
	name     string
	newEnv   func(kind string) conformance.Env
	describe func(name string, newEnv func() conformance.Env) bool
}

var streams = []transport{
	{"a tcp stream", newTCP, conformance.Streams},
	{"a tls stream", newTLS, conformance.SecureStreams},
}

// The kinds of loop are outermost, so that each one's specs stay together in the
// report. A new selector is here by itself.
var _ = func() bool {
	for _, kind := range looptest.Kinds() {
		Describe("On "+kind, Label(kind), func() {
			for _, s := range streams {
				s.describe(s.name, func() conformance.Env { return s.newEnv(kind) })
			}
		})
	}
	return true
}()
