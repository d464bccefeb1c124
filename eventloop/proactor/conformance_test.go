//go:build linux || windows

package proactor_test

import (
	. "github.com/onsi/ginkgo/v2"

	"github.com/tidemill-go/tidemill/eventloop/proactor"
	"github.com/tidemill-go/tidemill/platform"
)

// A new mechanism is here by itself, if this process may use it.
var _ = func() bool {
	for _, m := range proactor.Mechanisms() {
		if m.Name == "io_uring" && platform.IOUring() != nil {
			continue
		}
		for _, mode := range modes {
			Describe(m.Name+" "+mode.name, func() {
				o := proactor.Options{Without: mode.without}
				receiveSpecs(m, o)
				bufferSpecs(m, o)
				sendSpecs(m, o)
				acceptSpecs(m, o)
				connectSpecs(m, o)
				cancelSpecs(m, o)
				pollSpecs(m, o)
				waitSpecs(m, o)
				closeSpecs(m, o)
				stormSpecs(m, o)
				systemSpecs(m, o)
			})
		}
	}
	return true
}()
