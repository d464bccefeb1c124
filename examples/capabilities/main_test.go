package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/platform"
)

// printed runs the program and returns what it left behind.
func printed(args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = run(args, &out, &errs)
	return status, out.String(), errs.String()
}

// rowsOf runs the program with -json and returns loop, operation to row.
func rowsOf(args ...string) map[[2]string]row {
	status, stdout, stderr := printed(append(args, "-json")...)
	Expect(status).To(Equal(0), stderr)
	var rows []row
	Expect(json.Unmarshal([]byte(stdout), &rows)).To(Succeed())
	found := map[[2]string]row{}
	for _, r := range rows {
		found[[2]string{r.Loop, r.Operation}] = r
	}
	Expect(found).To(HaveLen(len(rows)), "no cell comes twice")
	return found
}

// expectRefused checks that a loop refuses each operation with words.
func expectRefused(rows map[[2]string]row, loop string, operations ...string) {
	GinkgoHelper()
	for _, op := range operations {
		r, found := rows[[2]string{loop, op}]
		Expect(found).To(BeTrue(), op)
		Expect(r.Supported).To(BeFalse(), "%s on %s", op, loop)
		Expect(r.Reason).NotTo(BeEmpty(), op)
		Expect(r.Alternative).NotTo(BeEmpty(), op)
	}
}

func expectSupported(rows map[[2]string]row, loop string, operations ...string) {
	GinkgoHelper()
	for _, op := range operations {
		r, found := rows[[2]string{loop, op}]
		Expect(found).To(BeTrue(), op)
		Expect(r.Supported).To(BeTrue(), "%s on %s: %s", op, loop, r.Reason)
	}
}

var _ = Describe("capabilities", func() {
	Context("asked about Windows", func() {
		var rows map[[2]string]row
		BeforeEach(func() { rows = rowsOf("-os", "windows") })

		It("prints every operation for both loops", func() {
			Expect(rows).To(HaveLen(2 * len(platform.Operations())))
			for _, r := range rows {
				Expect(r.OS).To(Equal("windows"))
			}
		})

		It("refuses Unix sockets, signal handlers and child watchers on both loops", func() {
			for _, loop := range []string{"iocp", "select"} {
				expectRefused(rows, loop, "CreateConnection(unix)", "CreateServer(unix)",
					"AddSignalHandler", "RemoveSignalHandler", "SetChildWatcher")
			}
		})

		It("refuses pipes and subprocesses on the selector loop, and grants readers for sockets only", func() {
			expectRefused(rows, "select", "ConnectReadPipe", "ConnectWritePipe", "SubprocessExec", "SubprocessShell")
			expectSupported(rows, "select", "AddReader", "AddWriter", "CreateDatagramEndpoint")
			Expect(rows[[2]string{"select", "AddReader"}].Reason).To(And(ContainSubstring("sockets only"), ContainSubstring("512")))
		})

		It("refuses datagrams, readers and writers on the proactor loop, and grants subprocesses and TLS", func() {
			expectRefused(rows, "iocp", "CreateDatagramEndpoint", "AddReader", "AddWriter")
			expectSupported(rows, "iocp", "SubprocessExec", "SubprocessShell", "TLS", "StartTLS")
		})
	})

	Context("asked about macOS 10.8", func() {
		It("refuses character devices with kqueue and grants them with poll and select", func() {
			rows := rowsOf("-os", "darwin", "-version", "10.8")
			devices := []string{"ConnectReadPipe(character device)", "AddReader(character device)", "SubprocessPTY"}
			expectRefused(rows, "kqueue", devices...)
			expectSupported(rows, "poll", devices...)
			expectSupported(rows, "select", devices...)
		})
	})

	Context("asked about macOS 10.5", func() {
		It("refuses character devices with every selector", func() {
			rows := rowsOf("-os", "darwin", "-version", "10.5")
			for _, loop := range []string{"kqueue", "poll", "select"} {
				expectRefused(rows, loop, "ConnectReadPipe(character device)", "SubprocessPTY")
			}
		})
	})

	Context("asked about one loop", func() {
		It("prints that one only", func() {
			rows := rowsOf("-os", "windows", "-loop", "iocp")
			Expect(rows).To(HaveLen(len(platform.Operations())))
			Expect(rows).To(HaveKey([2]string{"iocp", "TLS"}))
		})
	})

	Context("asked for text", func() {
		It("prints this machine live, with what was asked of its kernel", func() {
			here := platform.For(platform.Target{}).Target()
			status, stdout, stderr := printed()
			Expect(status).To(Equal(0), stderr)
			Expect(stdout).To(ContainSubstring("this machine, asked now"))
			for _, loop := range platform.Loops("") {
				Expect(stdout).To(ContainSubstring(here.OS + " " + here.Version + ", " + loop + " loop"))
			}
		})

		It("prints reason and alternative of a refusal on its line, aligned", func() {
			_, stdout, _ := printed("-os", "windows", "-version", "10.0", "-loop", "iocp")
			Expect(stdout).NotTo(ContainSubstring("asked now"))
			Expect(stdout).To(MatchRegexp(`(?m)^  AddReader +no +completion ports report no readiness; use a selector loop$`))
			var columns []int
			for line := range strings.Lines(stdout) {
				if fields := strings.Fields(line); len(fields) == 2 && fields[1] == "yes" {
					columns = append(columns, strings.Index(line, "yes"))
				}
			}
			Expect(columns).NotTo(BeEmpty())
			Expect(columns).To(HaveEach(columns[0]))
		})
	})

	DescribeTable("asked wrongly, says so on stderr and exits with 2",
		func(words string, args ...string) {
			status, stdout, stderr := printed(args...)
			Expect(status).To(Equal(2))
			Expect(stdout).To(BeEmpty())
			Expect(stderr).To(HavePrefix("capabilities: "))
			Expect(stderr).To(ContainSubstring(words))
			Expect(strings.Count(stderr, "\n")).To(Equal(1))
		},
		Entry("an unknown system", `unknown system "plan9"`, "-os", "plan9"),
		Entry("a loop that nobody has", `no "libevent" loop`, "-loop", "libevent"),
		Entry("a loop of another system", `no "epoll" loop`, "-os", "windows", "-loop", "epoll"),
		Entry("a version that is none", `"ten" is no version`, "-version", "ten"),
		Entry("an argument", `unexpected argument "windows"`, "windows"),
		Entry("an unknown flag", "-color", "-color"),
	)

	It("prints its usage and exits with 0 when asked for help", func() {
		status, stdout, stderr := printed("-h")
		Expect(status).To(Equal(0))
		Expect(stdout).To(ContainSubstring("-version"))
		Expect(stderr).To(BeEmpty())
	})

	DescribeTable("exits with 1 when its output can not be written",
		func(args ...string) {
			var errs bytes.Buffer
			Expect(run(args, brokenWriter{}, &errs)).To(Equal(1))
			Expect(errs.String()).To(Equal("capabilities: broken\n"))
		},
		Entry("as text"),
		Entry("as JSON", "-json"),
	)
})

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken") }
