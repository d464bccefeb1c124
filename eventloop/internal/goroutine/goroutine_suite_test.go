package goroutine_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestGoroutine(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "eventloop/internal/goroutine")
}
