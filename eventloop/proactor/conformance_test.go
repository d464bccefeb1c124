//go:build linux

package proactor_test

import (
	. "github.com/onsi/ginkgo/v2"

	"github.com/tidemill-go/tidemill/eventloop/proactor"
	"github.com/tidemill-go/tidemill/platform"
)

// The modes are what kernels of different ages have: every spec runs on all, so
// that what replaces a feature is not only believed in.
var modes = []struct {
	name    string
	without proactor.Features
}{
	{"with everything", 0},
	{"without DEFER_TASKRUN", proactor.DeferTaskrun},
	{"without SINGLE_ISSUER", proactor.SingleIssuer},
	{"without multishot", proactor.MultishotReceive | proactor.MultishotAccept | proactor.MultishotPoll},
	{"without provided buffers", proactor.ProvidedBuffers},
	{"as Linux 5.11", proactor.ProvidedBuffers | proactor.MultishotReceive | proactor.MultishotAccept |
		proactor.MultishotPoll | proactor.SingleIssuer | proactor.DeferTaskrun | proactor.CoopTaskrun},
}

// A new mechanism is here by itself, if this process may use it.
var _ = func() bool {
	for _, m := range proactor.Mechanisms() {
		if platform.For(platform.Target{}).Check(platform.NewProactorLoop) != nil {
			continue
		}
		for _, mode := range modes {
			Describe(m.Name+" "+mode.name, func() {
				o := proactor.Options{Without: mode.without}
				receiveSpecs(m, o)
				bufferSpecs(m, o)
				sendSpecs(m, o)
				acceptSpecs(m, o)
				pollSpecs(m, o)
				waitSpecs(m, o)
				closeSpecs(m, o)
			})
		}
	}
	return true
}()
