package selector_test

import (
	. "github.com/onsi/ginkgo/v2"

	"github.com/tidemill-go/tidemill/eventloop/selector"
)

// simulatedKqueue is the selector of macOS and the BSDs over a kernel of the
// specs.
var simulatedKqueue = selector.Mechanism{Name: "kqueue", New: func() (selector.Selector, error) {
	k, err := newKernel()
	if err != nil {
		return nil, err
	}
	return selector.NewKqueueOver(k), nil
}}

// What every mechanism promises, kqueue promises too, up to its system calls.
var _ = Describe("On a simulated kqueue", Label("kqueue"), func() {
	w := &world{}
	BeforeEach(func() { w.open(simulatedKqueue) })
	describeRegistration(w)
	describeReadiness(w)
	describeEdges(w)
	describeEnds(w)
	describeWait(w)
	describeWake(w)
	describeClose(w, simulatedKqueue)
	describeStress(w)
	describeSystem(w, simulatedKqueue)
})
