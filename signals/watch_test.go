package signals_test

import (
	"os"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/signals"
)

var _ = Describe("Watch", func() {
	It("refuses what can not be watched", func() {
		_, err := signals.Watch(syscall.SIGKILL, func() {})
		Expect(err).To(MatchError(signals.ErrUncatchable))
		_, err = signals.Watch(nil, func() {})
		Expect(err).To(MatchError(os.ErrInvalid))
		_, err = signals.Watch(os.Interrupt, nil)
		Expect(err).To(MatchError(os.ErrInvalid))
	})
})
