package platform_test

import (
	"crypto/rand"
	"net"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/windows"

	"github.com/tidemill-go/tidemill/platform"
)

func freePipeName() string { return `\\.\pipe\tidemill-spec-` + rand.Text() }

func pipeInstance(name string, first bool) int {
	GinkgoHelper()
	fd, err := platform.CreatePipeInstance(name, first)
	Expect(err).NotTo(HaveOccurred())
	return overlappedEnd(fd)
}

func pipeClient(name string) int {
	GinkgoHelper()
	fd, err := platform.OpenNamedPipe(name)
	Expect(err).NotTo(HaveOccurred())
	return overlappedEnd(fd)
}

// moves expects that what is written to one end comes out of the other.
func moves(from, to int, what string) {
	GinkgoHelper()
	in, out := newOverlapped(to, make([]byte, 64)), newOverlapped(from, []byte(what))
	Expect(in.read()).To(Equal(windows.ERROR_IO_PENDING), "an empty pipe")
	Expect(out.write()).To(Or(Succeed(), Equal(windows.ERROR_IO_PENDING)))
	Expect(out.result()).To(BeEquivalentTo(len(what)))
	n, err := in.result()
	Expect(err).NotTo(HaveOccurred())
	Expect(string(in.buffer[:n])).To(Equal(what))
}

var _ = Describe("a named pipe", func() {
	It("carries bytes both ways, by overlapped calls", func() {
		name := freePipeName()
		server := pipeInstance(name, true)
		client := pipeClient(name)
		moves(client, server, "ebb")
		moves(server, client, "flow")
	})

	It("has ends that are pipes, overlapped, not inherited, and open for both", func() {
		name := freePipeName()
		for _, fd := range []int{pipeInstance(name, true), pipeClient(name)} {
			Expect(platform.FileKind(fd)).To(Equal(platform.KindFIFO))
			Expect(platform.IsNonblocking(fd)).To(BeTrue())
			Expect(isInherited(fd)).To(BeFalse())
			reads, writes, err := platform.AccessMode(fd)
			Expect(err).NotTo(HaveOccurred())
			Expect([]bool{reads, writes}).To(Equal([]bool{true, true}))
		}
	})

	It("has no boundaries between writes", func() {
		name := freePipeName()
		server, client := pipeInstance(name, true), pipeClient(name)
		for _, s := range []string{"one", "two"} {
			o := newOverlapped(client, []byte(s))
			Expect(o.write()).To(Or(Succeed(), Equal(windows.ERROR_IO_PENDING)))
			Expect(o.result()).To(BeEquivalentTo(3))
		}
		in := newOverlapped(server, make([]byte, 64))
		Expect(in.read()).To(Or(Succeed(), Equal(windows.ERROR_IO_PENDING)))
		Expect(in.result()).To(BeEquivalentTo(6))
		Expect(string(in.buffer[:6])).To(Equal("onetwo"))
	})

	It("has as many clients at a time as instances", func() {
		name := freePipeName()
		pipeInstance(name, true)
		pipeClient(name)
		err := failure(platform.OpenNamedPipe(name))
		Expect(err).To(Equal(windows.ERROR_PIPE_BUSY))
		Expect(platform.IsPipeBusy(err)).To(BeTrue())
		pipeInstance(name, false)
		pipeClient(name)
	})

	It("is not there before it is made, and not after its last instance", func() {
		name := freePipeName()
		Expect(failure(platform.OpenNamedPipe(name))).To(Equal(windows.ERROR_FILE_NOT_FOUND))
		fd, err := platform.CreatePipeInstance(name, true)
		Expect(err).NotTo(HaveOccurred())
		Expect(platform.CloseFD(fd)).To(Succeed())
		Expect(failure(platform.OpenNamedPipe(name))).To(Equal(windows.ERROR_FILE_NOT_FOUND))
	})

	DescribeTable("has a name that begins with the folder of pipes",
		func(name string) {
			for _, err := range []error{failure(platform.CreatePipeInstance(name, true)), failure(platform.OpenNamedPipe(name))} {
				Expect(err).To(BeAssignableToTypeOf(&net.AddrError{}))
				Expect(err.(*net.AddrError).Addr).To(Equal(name))
			}
		},
		Entry("nothing", ""),
		Entry("the folder alone", `\\.\pipe\`),
		Entry("no folder", "tidemill"),
		Entry("another machine", `\\elsewhere\pipe\tidemill`),
		Entry("a device", `\\.\COM1`),
		Entry("slashes", `//./pipe/tidemill`),
		Entry("a NUL", "\\\\.\\pipe\\tide\x00mill"),
	)

	It("may have the folder in capitals", func() {
		name := freePipeName()
		pipeInstance(name, true)
		pipeClient(strings.Replace(name, "pipe", "PIPE", 1))
	})
})

var _ = Describe("OverlappedPipe", func() {
	It("leads from its second end to its first", func() {
		r, w := pipeEnds()
		moves(w, r, "tide")
		Expect(isInherited(r)).To(BeFalse())
		Expect(isInherited(w)).To(BeFalse())
	})

	It("ends when its writer is closed, behind what was written", func() {
		r, w, err := platform.OverlappedPipe()
		Expect(err).NotTo(HaveOccurred())
		closing(r)
		out := newOverlapped(w, []byte("last"))
		Expect(out.write()).To(Or(Succeed(), Equal(windows.ERROR_IO_PENDING)))
		Expect(out.result()).To(BeEquivalentTo(4))
		Expect(platform.CloseFD(w)).To(Succeed())
		in := newOverlapped(r, make([]byte, 8))
		Expect(in.read()).To(Or(Succeed(), Equal(windows.ERROR_IO_PENDING)))
		Expect(in.result()).To(BeEquivalentTo(4))
		Expect(newOverlapped(r, make([]byte, 8)).read()).To(Equal(windows.ERROR_BROKEN_PIPE))
	})

	It("says that its reader is gone", func() {
		r, w, err := platform.OverlappedPipe()
		Expect(err).NotTo(HaveOccurred())
		Expect(platform.CloseFD(r)).To(Succeed())
		err = newOverlapped(closing(w), []byte("x")).write()
		Expect(platform.IsDisconnect(err)).To(BeTrue(), "%v", err)
	})

	It("is taken by a completion port, which the ends of Pipe are not", func() {
		port, err := windows.CreateIoCompletionPort(windows.InvalidHandle, 0, 0, 0)
		Expect(err).NotTo(HaveOccurred())
		closing(int(port))
		r, w := pipeEnds()
		for _, fd := range []int{r, w} {
			Expect(failure(windows.CreateIoCompletionPort(windows.Handle(fd), port, 1, 0))).To(Succeed())
		}
		ar, aw, err := platform.Pipe()
		Expect(err).NotTo(HaveOccurred())
		closing(aw)
		Expect(failure(windows.CreateIoCompletionPort(windows.Handle(closing(ar)), port, 1, 0))).
			To(Equal(windows.ERROR_INVALID_PARAMETER))
	})
})
