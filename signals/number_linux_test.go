package signals_test

import (
	"os"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/signals"
)

var _ = Describe("Number on Linux", func() {
	It("refuses what the C library keeps for itself", func() {
		for _, kept := range []syscall.Signal{32, 33, 34} {
			_, err := signals.Number(kept)
			Expect(err).To(MatchError(os.ErrInvalid))
		}
	})

	It("knows only signals that are delivered", func(ctx SpecContext) {
		noGoroutines()
		h, q := newHandlers()
		for number := syscall.Signal(35); number <= 64; number++ {
			heard := false
			Expect(h.Add(number, func() { heard = true })).To(Succeed())
			raise(number)
			q.arrives()
			Expect(heard).To(BeTrue(), "signal %d", number)
			Expect(h.Remove(number)).To(BeTrue())
		}
	}, bounded)
})
