package platform_test

import (
	"errors"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/platform"
)

func check(os, version, loop string, op platform.Operation) error {
	return platform.For(platform.Target{OS: os, Version: version, Loop: loop}).Check(op)
}

// refusedBy expects a refusal and returns the kind of loop that it names.
func refusedBy(err error) string {
	GinkgoHelper()
	refusal, ok := errors.AsType[*platform.UnsupportedError](err)
	Expect(ok).To(BeTrue(), "%v", err)
	return refusal.Loop
}

// The sentences of the seed's section on platforms, one by one.
var _ = Describe("Windows", func() {
	DescribeTable("has no, on any loop,",
		func(op platform.Operation) {
			for _, loop := range platform.Loops("windows") {
				Expect(refusedBy(check("windows", "10.0", loop, op))).To(BeEmpty(), "the system alone decides")
			}
		},
		Entry("Unix connections", platform.CreateConnectionUnix),
		Entry("Unix servers", platform.CreateServerUnix),
		Entry("Unix datagram endpoints", platform.CreateDatagramEndpointUnix),
		Entry("signal handlers to add", platform.AddSignalHandler),
		Entry("signal handlers to remove", platform.RemoveSignalHandler),
		Entry("child watcher to set", platform.SetChildWatcher),
		Entry("child watcher to ask for", platform.ChildWatcher),
		Entry("SO_REUSEPORT", platform.ReusePort),
		Entry("PTYs", platform.SubprocessPTY),
	)

	It("names ConPTY as the alternative to a PTY", func() {
		Expect(check("windows", "", "iocp", platform.SubprocessPTY)).To(MatchError(ContainSubstring("ConPTY")))
	})

	It("has a clock of 15.6 ms as a rule and 0.5 ms at best", func() {
		for _, loop := range platform.Loops("windows") {
			usual, best := platform.For(platform.Target{OS: "windows", Loop: loop}).ClockResolution()
			Expect(usual.String()).To(Equal("15.6ms"))
			Expect(best.String()).To(Equal("500µs"))
		}
	})

	Context("with the selector loop", func() {
		It("watches sockets only, and 512 of them", func() {
			table := platform.For(platform.Target{OS: "windows", Loop: "select"})
			Expect(table.Limits()).To(Equal(platform.Limits{MaxSockets: 512, SocketsOnly: true}))
		})

		It("grants readers and writers and states that limit", func() {
			for _, c := range platform.For(platform.Target{OS: "windows", Loop: "select"}).Capabilities() {
				if c.Operation == platform.AddReader || c.Operation == platform.AddWriter {
					Expect(c.Supported).To(BeTrue())
					Expect(c.Reason).To(Equal("sockets only, at most 512 of them"))
				}
			}
		})

		DescribeTable("refuses",
			func(op platform.Operation) {
				Expect(refusedBy(check("windows", "10.0", "select", op))).To(Equal("select"))
			},
			Entry("read pipes", platform.ConnectReadPipe),
			Entry("write pipes", platform.ConnectWritePipe),
			Entry("subprocesses", platform.SubprocessExec),
			Entry("shell commands", platform.SubprocessShell),
			Entry("named pipes", platform.CreatePipeServer),
		)

		It("grants UDP", func() {
			Expect(check("windows", "10.0", "select", platform.CreateDatagramEndpoint)).To(Succeed())
		})
	})

	Context("with the proactor loop", func() {
		DescribeTable("refuses",
			func(op platform.Operation) {
				Expect(refusedBy(check("windows", "10.0", "iocp", op))).To(Equal("iocp"))
			},
			Entry("datagram endpoints", platform.CreateDatagramEndpoint),
			Entry("adding readers", platform.AddReader),
			Entry("adding writers", platform.AddWriter),
			Entry("removing readers", platform.RemoveReader),
			Entry("removing writers", platform.RemoveWriter),
		)

		DescribeTable("grants",
			func(op platform.Operation) { Expect(check("windows", "10.0", "iocp", op)).To(Succeed()) },
			Entry("subprocesses", platform.SubprocessExec),
			Entry("shell commands", platform.SubprocessShell),
			Entry("TLS", platform.TLS),
			Entry("an upgrade to TLS", platform.StartTLS),
			Entry("pipes", platform.ConnectReadPipe),
			Entry("named pipe servers", platform.CreatePipeServer),
			Entry("named pipe connections", platform.CreatePipeConnection),
		)
	})

	It("has both of its loops, the proactor first", func() {
		Expect(platform.Loops("windows")).To(Equal([]string{"iocp", "select"}))
		for _, loop := range platform.Loops("windows") {
			table := platform.For(platform.Target{OS: "windows", Loop: loop})
			Expect(table.Check(platform.NewSelectorLoop)).To(Succeed())
			Expect(table.Check(platform.NewProactorLoop)).To(Succeed())
		}
	})
})

var _ = Describe("macOS", func() {
	DescribeTable("serves character devices",
		func(version, loop string, served bool) {
			for _, op := range []platform.Operation{
				platform.ConnectReadPipeCharDevice, platform.ConnectWritePipeCharDevice,
				platform.AddReaderCharDevice, platform.AddWriterCharDevice, platform.SubprocessPTY,
			} {
				err := check("darwin", version, loop, op)
				Expect(err == nil).To(Equal(served), "%v", err)
			}
		},
		Entry("with kqueue in the newest", "", "kqueue", true),
		Entry("with kqueue from 10.9", "10.9", "kqueue", true),
		Entry("not with kqueue in 10.8", "10.8", "kqueue", false),
		Entry("not with kqueue in 10.7", "10.7", "kqueue", false),
		Entry("not with kqueue in 10.6", "10.6", "kqueue", false),
		Entry("with select in 10.8", "10.8", "select", true),
		Entry("with poll in 10.6", "10.6", "poll", true),
		Entry("not with kqueue in 10.5", "10.5", "kqueue", false),
		Entry("not with select in 10.5", "10.5", "select", false),
		Entry("not with poll in 10.4.11", "10.4.11", "poll", false),
	)

	It("names the poll and the select selector where kqueue refuses", func() {
		err := check("darwin", "10.8", "kqueue", platform.ConnectReadPipeCharDevice)
		Expect(err).To(MatchError(HaveSuffix("(use a selector loop with the poll or select selector)")))
		Expect(refusedBy(err)).To(Equal("kqueue"))
	})

	It("blames the system and not the loop before 10.6", func() {
		Expect(refusedBy(check("darwin", "10.5", "kqueue", platform.SubprocessPTY))).To(BeEmpty())
	})

	It("runs on kqueue unless asked otherwise", func() {
		for _, loop := range platform.Loops("darwin") {
			Expect(check("darwin", "", loop, platform.NewSelectorLoop)).To(Succeed())
		}
		Expect(platform.For(platform.Target{OS: "darwin", Version: "26.0"}).Target().Loop).To(Equal("kqueue"))
	})
})

var _ = Describe("Linux", func() {
	It("has a proactor loop from 5.11 on, whatever loop is asked", func() {
		for _, loop := range platform.Loops("linux") {
			Expect(check("linux", "5.11", loop, platform.NewProactorLoop)).To(Succeed())
			Expect(check("linux", "5.10.250", loop, platform.NewProactorLoop)).To(MatchError(
				"NewProactorLoop: unsupported on linux by the io_uring loop: " +
					"the loop needs the io_uring of Linux 5.11 (use NewSelectorLoop)"))
		}
	})

	It("offers on io_uring what the proactor of asyncio refuses", func() {
		for _, op := range []platform.Operation{
			platform.AddReader, platform.AddWriter, platform.CreateDatagramEndpoint, platform.SockRecvfrom,
			platform.CreateDatagramEndpointUnix, platform.SendfileNative,
		} {
			Expect(check("linux", "6.18", "io_uring", op)).To(Succeed())
		}
	})

	It("never takes io_uring without being asked", func() {
		Expect(platform.For(platform.Target{OS: "linux", Version: "6.18"}).Target().Loop).To(Equal("epoll"))
	})
})
