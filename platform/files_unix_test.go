//go:build unix

package platform_test

import (
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/platform"
)

// contentsOf is a descriptor of a file with some contents.
func contentsOf(s string) int {
	GinkgoHelper()
	path := filepath.Join(GinkgoT().TempDir(), "f")
	Expect(os.WriteFile(path, []byte(s), 0o600)).To(Succeed())
	return opened(path)
}

var _ = Describe("SendFile", func() {
	if platform.For(platform.Target{}).Check(platform.SendfileNative) != nil {
		return // NetBSD and OpenBSD have none; the table says so
	}

	It("sends from an offset, leaves the position, and returns nothing at the end", func() {
		client, server := connected()
		in := contentsOf("0123456789")
		Expect(platform.SendFile(client, in, 4, 3)).To(Equal(3))
		Expect(platform.SendFile(client, in, 8, 100)).To(Equal(2))
		Expect(platform.SendFile(client, in, 10, 100)).To(Equal(0))
		await(server, unix.POLLIN)
		b := make([]byte, 16)
		Expect(platform.Recv(server, b)).To(Equal(5))
		Expect(string(b[:5])).To(Equal("45689"))
		Expect(unix.Seek(in, 0, 1)).To(BeZero())
	})

	It("would block when the socket is full", func() {
		client, _ := connected()
		in := contentsOf(string(make([]byte, 1<<20)))
		var err error
		for range 1000 {
			if _, err = platform.SendFile(client, in, 0, 1<<20); err != nil {
				break
			}
		}
		Expect(platform.WouldBlock(err)).To(BeTrue(), "%v", err)
	})

	It("says that the connection is gone", func() {
		client, _ := connected()
		Expect(platform.ShutdownWrite(client)).To(Succeed())
		_, err := platform.SendFile(client, contentsOf("x"), 0, 1)
		Expect(err).To(MatchError(unix.EPIPE))
	})
})

var _ = Describe("the mode of an open file", func() {
	It("is one for all its descriptors", func() {
		r, _ := pipeEnds()
		dup, err := platform.DupFD(r)
		Expect(err).NotTo(HaveOccurred())
		closing(dup)
		Expect(platform.IsNonblocking(r)).To(BeFalse())
		Expect(platform.SetNonblock(dup)).To(Succeed())
		Expect(platform.IsNonblocking(r)).To(BeTrue())
		Expect(platform.SetBlocking(r)).To(Succeed())
		Expect(platform.IsNonblocking(dup)).To(BeFalse())
	})

	It("has a file that two descriptors can be compared by", func() {
		one, other := contentsOf("x"), contentsOf("x")
		dup, err := platform.DupFD(one)
		Expect(err).NotTo(HaveOccurred())
		closing(dup)
		id, err := platform.FileIDOf(one)
		Expect(err).NotTo(HaveOccurred())
		Expect(platform.FileIDOf(dup)).To(Equal(id))
		Expect(platform.FileIDOf(other)).NotTo(Equal(id))
	})
})
