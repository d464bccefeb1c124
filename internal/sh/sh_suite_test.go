package sh_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestSh(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "sh")
}
