package platform_test

import (
	"errors"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/platform"
)

// Lists of operations as the expectations spell them.
const (
	noProactor     = "NewProactorLoop"
	readersWriters = "AddReader RemoveReader AddWriter RemoveWriter"
	watchedDevices = "AddReader(character-device) AddWriter(character-device)"
	pipedDevices   = "ConnectReadPipe(character-device) ConnectWritePipe(character-device)"
	devicesAndPTY  = watchedDevices + " " + pipedDevices + " SubprocessPTY"
	windowsPipes   = "CreatePipeServer CreatePipeConnection"
	neverOnLinux   = windowsPipes + " ChildWatcher(kqueue)"
	noPeek         = "ChildWatcher(SIGCHLD)"
	datagrams      = "CreateDatagramEndpoint SockRecvfrom SockSendto"
	onlyOnLinux    = "UnixAbstractName PacketInfo ChildWatcher(pidfd)"
	noSendfile     = "Sendfile(native)"
	neverOnWindows = "CreateConnection(unix) CreateServer(unix) CreateDatagramEndpoint(unix) UnixAbstractName " +
		"AddSignalHandler RemoveSignalHandler ChildWatcher SetChildWatcher ChildWatcher(pidfd) ChildWatcher(kqueue) ChildWatcher(SIGCHLD) SubprocessPTY ReusePort PacketInfo"
)

// A cell is a target and all that it refuses; everything else it supports.
type cell struct {
	target  platform.Target
	refused string
}

func on(os, version, loop string, refused ...string) cell {
	return cell{platform.Target{OS: os, Version: version, Loop: loop}, strings.Join(refused, " ")}
}

// The matrix is written out, not computed from the rules, so that a row that is
// lost shows up here. Versions are given even for the newest, because an empty
// one would ask this machine.
var matrix = []cell{
	on("linux", "6.18", "epoll", neverOnLinux),
	on("linux", "6.18", "poll", neverOnLinux),
	on("linux", "6.18", "select", neverOnLinux),
	on("linux", "6.18", "io_uring", neverOnLinux),
	on("linux", "5.10", "io_uring", noProactor, neverOnLinux),
	on("linux", "5.11", "epoll", neverOnLinux),
	on("linux", "5.4", "epoll", noProactor, neverOnLinux),
	on("linux", "5.3.18", "epoll", noProactor, neverOnLinux, "ChildWatcher(pidfd)"),
	on("linux", "3.9", "epoll", noProactor, neverOnLinux, "ChildWatcher(pidfd)"),
	on("linux", "3.8", "epoll", noProactor, neverOnLinux, "ChildWatcher(pidfd)", "ReusePort"),

	on("darwin", "26.0", "kqueue", noProactor, windowsPipes, onlyOnLinux, noPeek),
	on("darwin", "26.0", "poll", noProactor, windowsPipes, onlyOnLinux, noPeek),
	on("darwin", "26.0", "select", noProactor, windowsPipes, onlyOnLinux, noPeek),
	on("darwin", "10.9", "kqueue", noProactor, windowsPipes, onlyOnLinux, noPeek),
	on("darwin", "10.8.5", "kqueue", noProactor, windowsPipes, onlyOnLinux, noPeek, devicesAndPTY),
	on("darwin", "10.6", "kqueue", noProactor, windowsPipes, onlyOnLinux, noPeek, devicesAndPTY),
	on("darwin", "10.8.5", "poll", noProactor, windowsPipes, onlyOnLinux, noPeek),
	on("darwin", "10.8.5", "select", noProactor, windowsPipes, onlyOnLinux, noPeek),
	on("darwin", "10.6", "poll", noProactor, windowsPipes, onlyOnLinux, noPeek),
	on("darwin", "10.6", "select", noProactor, windowsPipes, onlyOnLinux, noPeek),
	on("darwin", "10.5.8", "kqueue", noProactor, windowsPipes, onlyOnLinux, noPeek, devicesAndPTY),
	on("darwin", "10.5.8", "poll", noProactor, windowsPipes, onlyOnLinux, noPeek, devicesAndPTY),
	on("darwin", "10.5.8", "select", noProactor, windowsPipes, onlyOnLinux, noPeek, devicesAndPTY),

	on("freebsd", "15.0", "kqueue", noProactor, windowsPipes, onlyOnLinux),
	on("freebsd", "15.0", "poll", noProactor, windowsPipes, onlyOnLinux),
	on("freebsd", "15.0", "select", noProactor, windowsPipes, onlyOnLinux),
	on("dragonfly", "6.4", "kqueue", noProactor, windowsPipes, onlyOnLinux),
	on("dragonfly", "6.4", "poll", noProactor, windowsPipes, onlyOnLinux),
	on("dragonfly", "6.4", "select", noProactor, windowsPipes, onlyOnLinux),
	on("netbsd", "10.1", "kqueue", noProactor, windowsPipes, onlyOnLinux, noSendfile),
	on("netbsd", "10.1", "poll", noProactor, windowsPipes, onlyOnLinux, noSendfile),
	on("netbsd", "10.1", "select", noProactor, windowsPipes, onlyOnLinux, noSendfile),
	on("openbsd", "7.8", "kqueue", noProactor, windowsPipes, onlyOnLinux, noPeek, noSendfile),
	on("openbsd", "7.8", "poll", noProactor, windowsPipes, onlyOnLinux, noPeek, noSendfile),
	on("openbsd", "7.8", "select", noProactor, windowsPipes, onlyOnLinux, noPeek, noSendfile),

	on("windows", "10.0.26100", "iocp", neverOnWindows, readersWriters, watchedDevices, pipedDevices, datagrams),
	on("windows", "10.0.26100", "select", neverOnWindows, watchedDevices, pipedDevices, windowsPipes, noSendfile,
		"ConnectReadPipe ConnectWritePipe SubprocessExec SubprocessShell"),
}

func refusedOperations(c cell) []platform.Operation {
	var list []platform.Operation
	for name := range strings.FieldsSeq(c.refused) {
		list = append(list, platform.Operation(strings.ReplaceAll(name, "character-device", "character device")))
	}
	return list
}

var _ = Describe("the table", func() {
	for _, c := range matrix {
		Describe("of "+c.target.String(), func() {
			table := platform.For(c.target)
			refused := refusedOperations(c)

			It("refuses what the target has not, with reason and alternative", func() {
				for _, op := range refused {
					expectRefusal(table.Check(op), op, c.target)
				}
			})

			It("supports everything else", func() {
				Expect(platform.Operations()).To(ContainElements(refused), "the expectation names real operations")
				for _, op := range platform.Operations() {
					if !contains(refused, op) {
						Expect(table.Check(op)).To(Succeed(), op.String())
					}
				}
			})

			It("lists the same in Capabilities", func() {
				expectSameAnswers(table)
			})
		})
	}

	It("is written out here for every loop of every system", func() {
		covered := map[string][]string{}
		for _, c := range matrix {
			if !contains(covered[c.target.OS], c.target.Loop) {
				covered[c.target.OS] = append(covered[c.target.OS], c.target.Loop)
			}
		}
		for _, os := range platform.Systems() {
			Expect(covered[os]).To(ConsistOf(platform.Loops(os)), os)
		}
	})

	Context("with a row that asks the kernel", func() {
		denied := func() error { return errors.New("a filter forbids it") }

		It("refuses with the kernel's answer when it is live", func() {
			err := platform.ProbedTable(platform.AddReader, denied, true).Check(platform.AddReader)
			Expect(err).To(MatchError("AddReader: unsupported on linux: a filter forbids it (use something else)"))
		})

		It("supports it when the kernel allows", func() {
			allowed := func() error { return nil }
			Expect(platform.ProbedTable(platform.AddReader, allowed, true).Check(platform.AddReader)).To(Succeed())
		})

		It("does not ask for another target", func() {
			asked := 0
			probe := func() error { asked++; return denied() }
			Expect(platform.ProbedTable(platform.AddReader, probe, false).Check(platform.AddReader)).To(Succeed())
			Expect(asked).To(BeZero())
		})
	})

	It("refuses an operation that does not exist", func() {
		err := platform.For(platform.Target{}).Check("Levitate")
		Expect(err).To(MatchError(errors.ErrUnsupported))
		Expect(err).To(MatchError(ContainSubstring("no such operation")))
	})

	It("refuses everything as a zero value", func() {
		for _, op := range platform.Operations() {
			Expect(platform.Table{}.Check(op)).To(MatchError(errors.ErrUnsupported))
		}
	})
})

func contains[T comparable](list []T, x T) bool {
	for _, y := range list {
		if x == y {
			return true
		}
	}
	return false
}

func expectRefusal(err error, op platform.Operation, target platform.Target) {
	GinkgoHelper()
	Expect(err).To(MatchError(errors.ErrUnsupported), op.String())
	refusal, ok := errors.AsType[*platform.UnsupportedError](err)
	Expect(ok).To(BeTrue())
	Expect(refusal.Op).To(Equal(op.String()))
	Expect(refusal.OS).To(Equal(target.OS))
	Expect(refusal.Reason).NotTo(BeEmpty(), op.String())
	Expect(refusal.Alternative).NotTo(BeEmpty(), op.String())
	if refusal.Loop != "" {
		Expect(platform.Loops(target.OS)).To(ContainElement(refusal.Loop), op.String())
	}
}

func expectSameAnswers(table platform.Table) {
	GinkgoHelper()
	list := table.Capabilities()
	Expect(list).To(HaveLen(len(platform.Operations())))
	for i, c := range list {
		Expect(c.Operation).To(Equal(platform.Operations()[i]))
		refusal, refused := errors.AsType[*platform.UnsupportedError](table.Check(c.Operation))
		Expect(c.Supported).To(Equal(!refused))
		if refused {
			Expect(c.Reason).To(Equal(refusal.Reason))
			Expect(c.Alternative).To(Equal(refusal.Alternative))
		}
	}
}
