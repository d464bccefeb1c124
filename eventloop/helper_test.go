package eventloop_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// helperVariable names, in the environment of a child, the program that the test
// binary is to be.
const helperVariable = "TIDEMILL_SPEC_HELPER"

// helpers are programs for what concerns a whole process: its main goroutine,
// its environment, its limits. Each prints what the spec is to see; an error
// goes to the spec as well. helpersHere are those that some systems have, and
// kindHelpersHere those with a loop of a kind, which their name has behind a
// colon.
var helpers = map[string]func() error{
	"policy":  policyOfMain,
	"debug":   debugOfEnvironment,
	"loggers": panickingLoggers,
	"tls":     serveTLSBench,
}

func runHelper(name string) (status int) {
	run, common := helpers[name]
	if !common {
		run = helpersHere[name]
	}
	if name, kind, ok := strings.Cut(name, ":"); ok {
		run = func() error { return kindHelpersHere[name](kind) }
	}
	if err := run(); err != nil {
		fmt.Println("failed:", err)
		return 1
	}
	return 0
}

// helper runs one of helpers as a process of its own and returns what it
// printed.
func helper(ctx context.Context, name string, environment ...string) (stdout, stderr string) {
	GinkgoHelper()
	self, err := os.Executable()
	Expect(err).NotTo(HaveOccurred())
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), append(environment, helperVariable+"="+name)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	Expect(err).NotTo(HaveOccurred(), "%s%s", &out, &errs)
	return out.String(), errs.String()
}
