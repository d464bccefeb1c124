package eventloop_test

import (
	"os"
	"slices"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/looptest"
	"github.com/tidemill-go/tidemill/platform"
)

// TestMain also is the helper programs of specs that need a process of their
// own; see helper_test.go.
func TestMain(m *testing.M) {
	if name := os.Getenv(helperVariable); name != "" {
		os.Exit(runHelper(name))
	}
	os.Exit(m.Run())
}

func TestEventloop(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "eventloop")
}

// perKind are the specs of what every kind of loop must do alike; perKindHere are
// those of the systems that have what they are about.
var perKind = []func(kind string){
	callSoonSpecs, handleSpecs, timerSpecs, timerWaitSpecs, iterationSpecs, threadsafeSpecs,
	runForeverSpecs, runUntilCompleteSpecs, closeSpecs, closeTaskSpecs,
	exceptionSpecs, goexitSpecs, debugSpecs,
	executorSpecs, runningSpecs,
	taskSpecs, cancelSpecs, awaitSpecs, waitSpecs, doSpecs,
	gatherSpecs, groupSpecs, timeoutSpecs, syncSpecs,
	serverSpecs, serverCloseSpecs, connectionSpecs, serveSpecs, badInputSpecs, fieldSpecs,
	handoverSpecs, serverConfigSpecs, clientsSpecs, raceSpecs, churnSpecs,
	sockSpecs, sendfileSpecs, addrInfoSpecs,
	tlsServerSpecs, tlsClientSpecs, startTLSSpecs, tlsExecutorSpecs, tlsPeerSpecs,
	kindRefusalSpecs, whenClosedSpecs, unclaimedSpecs,
}

// perOffer are the specs of what some kinds of loop refuse; refusal_test.go has
// what those answer instead.
var perOffer = map[platform.Operation][]func(kind string){
	platform.AddReader:              {eventOrderSpecs, readerSpecs, writerSpecs, watchRefusalSpecs, descriptorSpecs},
	platform.ConnectReadPipe:        {readPipeSpecs, unclaimedReadPipeSpecs},
	platform.ConnectWritePipe:       {writePipeSpecs, unclaimedWritePipeSpecs},
	platform.CreateDatagramEndpoint: {datagramSpecs, datagramConfigSpecs, datagramBatchSpecs, unclaimedDatagramSpecs},
	platform.SubprocessExec: {
		subprocessSpecs, subprocessStreamSpecs, subprocessEndSpecs, subprocessLoopSpecs,
		subprocessWaitSpecs, subprocessRefusalSpecs, subprocessStressSpecs, unclaimedChildSpecs,
	},
}

// kinds are what specs run on. A helper program has none: it must find the
// process as it is, and not the answers of the platform's probes.
func kinds() []string {
	if os.Getenv(helperVariable) != "" {
		return nil
	}
	return looptest.Kinds()
}

// The kind is the outermost container, so that the report keeps its specs
// together.
var _ = func() bool {
	for _, kind := range kinds() {
		Describe("On "+kind, func() {
			for _, specs := range specsOf(kind) {
				specs(kind)
			}
		})
	}
	return true
}()

// offers reports whether the platform grants an operation to a kind of loop; one
// that stands in for another has io_uring's table.
func offers(kind string, op platform.Operation) bool {
	if _, standsIn := madeHere[kind]; standsIn {
		kind = "io_uring"
	}
	return platform.For(platform.Target{Loop: kind}).Check(op) == nil
}

func specsOf(kind string) []func(kind string) {
	all := slices.Concat(perKind, perKindHere)
	for _, op := range platform.Operations() {
		if offers(kind, op) {
			all = slices.Concat(all, perOffer[op], perOfferHere[op])
		}
	}
	return all
}
