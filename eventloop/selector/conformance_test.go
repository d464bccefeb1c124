package selector_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/selector"
)

// What every mechanism of this system promises. The mechanism is the outermost
// container: Ginkgo sorts by line and would mix the reports of a loop inside.
var _ = func() bool {
	for _, m := range selector.Mechanisms() {
		Describe("On "+m.Name, Label(m.Name), func() {
			w := &world{}
			BeforeEach(func() { w.open(m) })
			describeRegistration(w)
			describeReadiness(w)
			if isEdgeTriggered(m) {
				describeEdges(w)
			} else {
				describeIgnoredEdges(w)
			}
			describeEnds(w)
			describeWait(w)
			describeWake(w)
			describeClose(w, m)
			describeStress(w)
			describeSystem(w, m)
		})
	}
	return true
}()

// isEdgeTriggered asks a selector of its own, while the tree is being built.
func isEdgeTriggered(m selector.Mechanism) bool {
	s, err := m.New()
	if err != nil {
		panic(err)
	}
	defer s.Close()
	return s.EdgeTriggered()
}

var _ = Describe("the conformance specs", func() {
	It("cover at least one mechanism", func() {
		Expect(selector.Mechanisms()).NotTo(BeEmpty())
	})
})
