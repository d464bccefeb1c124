package signals_test

import (
	"os"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// helperVariable names, in the environment of a child, the program that the test
// binary is to be: one of helpers.
const helperVariable = "TIDEMILL_SPEC_HELPER"

// TestMain also is the program of specs about how a process ends.
func TestMain(m *testing.M) {
	if name := os.Getenv(helperVariable); name != "" {
		helpers[name]()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestSignals(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "signals")
}
