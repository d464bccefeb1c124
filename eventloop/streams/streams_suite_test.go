package streams_test

import (
	"slices"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/looptest"
	"github.com/tidemill-go/tidemill/platform"
)

func TestStreams(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "eventloop/streams")
}

// perKind are the specs of what must be the same on every kind of loop.
var perKind = []func(kind string){
	readSpecs, writeSpecs, flowSpecs, deadlineSpecs, closeSpecs, lossSpecs, taskSpecs,
	dialSpecs, listenSpecs, pendingSpecs, httpSpecs, crowdSpecs,
	readerSpecs, readerFlowSpecs, writerSpecs, openSpecs, serveSpecs, handOverSpecs, startTLSSpecs,
}

// perOffer are the specs of what some kinds of loop refuse, and of how they do.
var perOffer = []struct {
	op                platform.Operation
	offered, refusing []func(kind string)
}{
	{
		platform.CreateDatagramEndpoint,
		[]func(string){packetSpecs, packetLimitSpecs, packetOrderSpecs, packetTaskSpecs},
		[]func(string){packetRefusalSpecs},
	},
	{platform.SubprocessExec, []func(string){execSpecs, execHereSpecs}, []func(string){execRefusalSpecs}},
}

func specsOf(kind string) []func(kind string) {
	all := slices.Concat(perKind, perKindHere)
	table := platform.For(platform.Target{Loop: kind})
	for _, o := range perOffer {
		if table.Check(o.op) == nil {
			all = append(all, o.offered...)
		} else {
			all = append(all, o.refusing...)
		}
	}
	return all
}

// The kind is the outermost container, so that the report keeps its specs
// together.
var _ = func() bool {
	for _, kind := range looptest.Kinds() {
		Describe("On "+kind, func() {
			for _, specs := range specsOf(kind) {
				specs(kind)
			}
		})
	}
	return true
}()
