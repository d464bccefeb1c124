package tidemill_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestTidemill(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Tidemill")
}
