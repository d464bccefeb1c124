package platform_test

import (
	"bytes"
	"os"
	"path/filepath"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/platform"
)

var _ = Describe("Recv and Send", func() {
	It("carry bytes, then the end", func() {
		client, server := connected()
		Expect(platform.Send(client, []byte("tide"))).To(Equal(4))
		await(server, readable)
		buffer := make([]byte, 16)
		Expect(platform.Recv(server, buffer)).To(Equal(4))
		Expect(string(buffer[:4])).To(Equal("tide"))

		Expect(platform.ShutdownWrite(client)).To(Succeed())
		await(server, readable)
		Expect(platform.Recv(server, buffer)).To(Equal(0))
	})

	It("would block when there is nothing to receive and no room to send", func() {
		client, server := connected()
		_, err := platform.Recv(server, make([]byte, 1))
		Expect(platform.WouldBlock(err)).To(BeTrue(), "%v", err)

		chunk, sent := make([]byte, 1<<20), 0
		for err = nil; err == nil; {
			var n int
			if n, err = platform.Send(client, chunk); err == nil {
				sent += n
			}
			Expect(sent).To(BeNumerically("<", 1<<30))
		}
		Expect(platform.WouldBlock(err)).To(BeTrue(), "%v", err)
		Expect(sent).To(BeNumerically(">", 0))
	})

	It("send nothing of nothing", func() {
		client, _ := connected()
		Expect(platform.Send(client, nil)).To(Equal(0))
	})

	It("report a disconnect after the sending half was shut", func() {
		client, _ := connected()
		Expect(platform.ShutdownWrite(client)).To(Succeed())
		_, err := platform.Send(client, []byte("late"))
		Expect(err).To(Equal(errShut))
		Expect(platform.IsDisconnect(err)).To(BeTrue())
	})

	It("fail with EBADF on what is no descriptor", func() {
		_, err := platform.Recv(-1, make([]byte, 1))
		Expect(err).To(Equal(errBadSocket))
		_, err = platform.Send(-1, []byte("x"))
		Expect(err).To(Equal(errBadSocket))
	})
})

var _ = Describe("Accept", func() {
	It("gives a descriptor of our kind and the peer's address", func() {
		listener, address := listening(loopback)
		client := connecting(address)
		await(listener, readable)
		fd, peer, err := platform.Accept(listener)
		Expect(err).NotTo(HaveOccurred())
		expectOurs(closing(fd))
		Expect(peer).To(Equal(localName(client)))
		Expect(platform.PeerName(fd)).To(Equal(peer))
		Expect(platform.LocalName(fd)).To(Equal(address))
	})

	It("would block when nobody connects", func() {
		listener, _ := listening(loopback)
		fd, peer, err := platform.Accept(listener)
		Expect(fd).To(Equal(-1))
		Expect(peer.IsValid()).To(BeFalse())
		Expect(platform.WouldBlock(err)).To(BeTrue(), "%v", err)
	})

	It("fails on a socket that does not listen, in a way that is nobody's fault but ours", func() {
		_, _, err := platform.Accept(openSocket(syscall.AF_INET, syscall.SOCK_STREAM))
		Expect(err).To(Equal(errInvalid))
		Expect(platform.IsConnAborted(err)).To(BeFalse())
	})
})

var _ = Describe("FileKind", func() {
	kindOf := func(path string) platform.Kind {
		GinkgoHelper()
		kind, err := platform.FileKind(opened(path))
		Expect(err).NotTo(HaveOccurred())
		return kind
	}

	It("tells what is behind a descriptor", func() {
		file := filepath.Join(GinkgoT().TempDir(), "file")
		Expect(os.WriteFile(file, bytes.Repeat([]byte("x"), 10), 0o600)).To(Succeed())
		Expect(kindOf(file)).To(Equal(platform.KindRegular))
		Expect(kindOf(filepath.Dir(file))).To(Equal(platform.KindDirectory))
		Expect(kindOf(os.DevNull)).To(Equal(platform.KindCharDevice))
		Expect(platform.FileKind(openSocket(syscall.AF_INET, syscall.SOCK_DGRAM))).To(Equal(platform.KindSocket))

		r, w := pipeEnds()
		Expect(platform.FileKind(r)).To(Equal(platform.KindFIFO))
		Expect(platform.FileKind(w)).To(Equal(platform.KindFIFO))
	})

	It("fails with EBADF when nothing is", func() {
		_, err := platform.FileKind(-1)
		Expect(err).To(Equal(errBadDescriptor))
	})

	It("has words for an error message", func() {
		Expect(platform.KindRegular.String()).To(Equal("regular file"))
		Expect(platform.KindBlockDevice.String()).To(Equal("block device"))
		Expect(platform.Kind(99).String()).To(Equal("unknown"))
	})
})
