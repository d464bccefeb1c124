//go:build unix

package main_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"
)

// end ends the program as its user does, and it succeeds.
func end(session *gexec.Session) {
	GinkgoHelper()
	Eventually(session.Interrupt(), patience).Should(gexec.Exit(0))
}
