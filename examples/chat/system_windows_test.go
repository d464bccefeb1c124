package main_test

import (
	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega/gexec"
)

// end kills the program: os.Process has no interrupt to send on this system.
func end(session *gexec.Session) {
	GinkgoHelper()
	session.Kill().Wait(patience)
}
