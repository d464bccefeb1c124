//go:build unix

package eventloop_test

import (
	"os"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/looptest"
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

// perKind are the specs of what every kind of loop must do alike.
var perKind = []func(kind string){
	callSoonSpecs, handleSpecs, timerSpecs, timerWaitSpecs, iterationSpecs, threadsafeSpecs,
	runForeverSpecs, runUntilCompleteSpecs, closeSpecs, closeTaskSpecs,
	exceptionSpecs, goexitSpecs, debugSpecs,
	readerSpecs, writerSpecs, watchRefusalSpecs, descriptorSpecs,
	executorSpecs, runningSpecs,
	taskSpecs, cancelSpecs, awaitSpecs, waitSpecs, doSpecs,
	gatherSpecs, groupSpecs, timeoutSpecs, syncSpecs,
	serverSpecs, serverCloseSpecs, connectionSpecs, serveSpecs, badInputSpecs, fieldSpecs,
	handoverSpecs, serverConfigSpecs, clientsSpecs, raceSpecs, unixSpecs, fileSpecs, churnSpecs,
	readPipeSpecs, writePipeSpecs, sockSpecs, sendfileSpecs, addrInfoSpecs,
	datagramSpecs, datagramConfigSpecs, datagramBatchSpecs, unixgramSpecs,
	signalSpecs, whenClosedSpecs,
	tlsServerSpecs, tlsClientSpecs, startTLSSpecs, tlsExecutorSpecs, tlsPeerSpecs,
	subprocessSpecs, subprocessStreamSpecs, subprocessEndSpecs, subprocessLoopSpecs, subprocessWaitSpecs, subprocessRefusalSpecs, subprocessStressSpecs, ptySpecs,
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
			for _, specs := range perKind {
				specs(kind)
			}
		})
	}
	return true
}()
