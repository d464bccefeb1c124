package proactor_test

import (
	"bytes"
	"os"
	"path/filepath"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/windows"

	"github.com/tidemill-go/tidemill/eventloop/proactor"
)

func fileSpecs(m proactor.Mechanism, o proactor.Options) {
	file := func(content []byte) *os.File {
		GinkgoHelper()
		path := filepath.Join(GinkgoT().TempDir(), "file")
		Expect(os.WriteFile(path, content, 0o600)).To(Succeed())
		f, err := os.Open(path)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(f.Close)
		return f
	}
	send := func(p *bench, fd int, tag uint32, f *os.File, offset int64, n int) {
		GinkgoHelper()
		p.attach(fd, tag)
		p.Proactor.(proactor.FileSender).SendFile(fd, tag, f.Fd(), offset, n)
	}

	Describe("SendFile", func() {
		It("sends a part of a file, from its offset, whatever the file's own is", func(SpecContext) {
			content := make([]byte, 300_000)
			for i := range content {
				content[i] = byte(i * i >> 3)
			}
			f := file(content)
			_, err := f.Seek(77, 0)
			Expect(err).NotTo(HaveOccurred())
			with(m, o, func(p *bench) {
				near, far := pair(true)
				send(p, near, 1, f, 1000, 250_000)
				got := p.receive(far, 2, 250_000)
				o := p.awaitOne(1)
				Expect(o.Op()).To(Equal(proactor.Send))
				Expect(o.N()).To(Equal(250_000))
				Expect(bytes.Equal(got, content[1000:251_000])).To(BeTrue())
				p.quiet(2)
			})
		}, bounded)

		It("sends what there is where more is asked for, and nothing at the end", func(SpecContext) {
			f := file([]byte("short"))
			with(m, o, func(p *bench) {
				near, far := pair(true)
				send(p, near, 1, f, 2, 5)
				first := p.awaitOne(1)
				Expect(first.Err()).NotTo(HaveOccurred())
				Expect(first.N()).To(Equal(3))
				Expect(string(p.receive(far, 2, 3))).To(Equal("ort"))
				send(p, near, 1, f, 5, 5)
				end := p.awaitOne(1)
				Expect(end.Err()).NotTo(HaveOccurred())
				Expect(end.N()).To(BeZero())
			})
		}, bounded)

		It("refuses to send nothing, which would be all", func(SpecContext) {
			f := file([]byte("all"))
			with(m, o, func(p *bench) {
				near, far := pair(true)
				send(p, near, 1, f, 0, 0)
				Expect(p.awaitOne(1).Err()).To(Equal(windows.WSAEINVAL))
				send(p, near, 1, f, -1, 1)
				Expect(p.awaitOne(1).Err()).To(Equal(windows.WSAEINVAL))
				Expect(drained(far)).To(BeEmpty())
			})
		}, bounded)

		It("ends when cancelled", func(SpecContext) {
			f := file(make([]byte, 1<<20))
			with(m, o, func(p *bench) {
				near, _ := pair(true)
				clog(near)
				send(p, near, 1, f, 0, 1<<20)
				p.quiet(1)
				p.Cancel(1, proactor.Send)
				Expect(p.awaitOne(1).Err()).To(Equal(syscall.ECANCELED))
			})
		}, bounded)

		It("fails on a file that is none", func(SpecContext) {
			with(m, o, func(p *bench) {
				near, _ := pair(true)
				p.attach(near, 1)
				p.Proactor.(proactor.FileSender).SendFile(near, 1, 0xfffc, 0, 10)
				Expect(p.awaitOne(1).Err()).To(HaveOccurred())
			})
		}, bounded)
	})
}
