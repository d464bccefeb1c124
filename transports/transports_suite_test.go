package transports_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestTransports(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "transports")
}
