//go:build !windows

package platform_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/platform"
)

var _ = Describe("a named pipe of Windows", func() {
	It("is refused elsewhere", func() {
		refusal := BeAssignableToTypeOf(&platform.UnsupportedError{})
		Expect(failure(platform.CreatePipeInstance(`\\.\pipe\x`, true))).To(refusal)
		Expect(failure(platform.OpenNamedPipe(`\\.\pipe\x`))).To(refusal)
		_, _, err := platform.OverlappedPipe()
		Expect(err).To(refusal)
	})
})
