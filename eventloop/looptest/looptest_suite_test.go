package looptest_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestLooptest(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "eventloop/looptest")
}
