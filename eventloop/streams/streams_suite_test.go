//go:build unix

package streams_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/looptest"
)

func TestStreams(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "eventloop/streams")
}

// perKind are the specs of what must be the same on every kind of loop.
var perKind = []func(kind string){
	readSpecs, writeSpecs, flowSpecs, deadlineSpecs, closeSpecs, lossSpecs, taskSpecs,
	dialSpecs, listenSpecs, pendingSpecs, httpSpecs, crowdSpecs,
	packetSpecs, packetLimitSpecs, packetOrderSpecs, packetTaskSpecs,
	readerSpecs, readerFlowSpecs, writerSpecs, openSpecs, serveSpecs, handOverSpecs, startTLSSpecs, execSpecs,
}

// The kind is the outermost container, so that the report keeps its specs
// together.
var _ = func() bool {
	for _, kind := range looptest.Kinds() {
		Describe("On "+kind, func() {
			for _, specs := range perKind {
				specs(kind)
			}
		})
	}
	return true
}()
