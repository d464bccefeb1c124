package proactor_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/windows"

	"github.com/tidemill-go/tidemill/eventloop/proactor"
	"github.com/tidemill-go/tidemill/platform"
)

func attachSpecs(m proactor.Mechanism, o proactor.Options) {
	refusal := func(err error) string {
		GinkgoHelper()
		e, ok := errors.AsType[*platform.UnsupportedError](err)
		Expect(ok).To(BeTrue(), "%v", err)
		Expect(e.Loop).To(Equal("iocp"))
		Expect(e.Alternative).NotTo(BeEmpty())
		return e.Reason
	}

	Describe("Attach", func() {
		It("refuses what is not overlapped", func(SpecContext) {
			with(m, o, func(p *bench) {
				r, w, err := platform.Pipe()
				Expect(err).NotTo(HaveOccurred())
				Expect(refusal(p.Attach(closing(r), 1))).To(ContainSubstring("not overlapped"))
				Expect(refusal(p.Attach(closing(w), 1))).To(ContainSubstring("not overlapped"))
				s, err := windows.WSASocket(windows.AF_INET, windows.SOCK_STREAM, 0, nil, 0, 0)
				Expect(err).NotTo(HaveOccurred())
				Expect(refusal(p.Attach(closing(int(s)), 1))).To(ContainSubstring("not overlapped"))
			})
		}, bounded)

		It("refuses a handle of another port", func(SpecContext) {
			with(m, o, func(p *bench) {
				with(m, o, func(other *bench) {
					near, _ := pair(true)
					Expect(other.Attach(near, 1)).To(Succeed())
					Expect(refusal(p.Attach(near, 1))).To(ContainSubstring("another completion port"))
				})
			})
		}, bounded)

		It("refuses what is no stream", func(SpecContext) {
			with(m, o, func(p *bench) {
				fd, err := platform.OpenSocket(syscall.AF_INET, syscall.SOCK_DGRAM)
				Expect(err).NotTo(HaveOccurred())
				Expect(refusal(p.Attach(closing(fd), 1))).To(ContainSubstring("streams only"))
				path := filepath.Join(GinkgoT().TempDir(), "file")
				Expect(os.WriteFile(path, nil, 0o600)).To(Succeed())
				file, err := os.Open(path)
				Expect(err).NotTo(HaveOccurred())
				defer file.Close()
				Expect(refusal(p.Attach(int(file.Fd()), 1))).To(ContainSubstring("neither a socket nor a pipe"))
			})
		}, bounded)

		It("fails with the errno on what is no handle", func(SpecContext) {
			with(m, o, func(p *bench) {
				near, _ := pair(true)
				shut(near)
				Expect(p.Attach(near, 1)).To(MatchError(windows.ERROR_INVALID_HANDLE))
				Expect(p.Attach(-1, 1)).To(MatchError(windows.ERROR_INVALID_HANDLE))
			})
		}, bounded)

		It("leaves a refused handle without a tag: its operations fail", func(SpecContext) {
			with(m, o, func(p *bench) {
				r, w, err := platform.Pipe()
				Expect(err).NotTo(HaveOccurred())
				closing(w)
				Expect(p.Attach(closing(r), 3)).NotTo(Succeed())
				p.Proactor.Receive(r, 3, false)
				p.Proactor.Accept(r, 700)
				Expect(p.awaitOne(3).Err()).To(Equal(windows.ERROR_INVALID_HANDLE))
				Expect(p.awaitOne(700).Err()).To(Equal(windows.ERROR_INVALID_HANDLE))
			})
		}, bounded)

		It("takes a socket again after Detach, under any tag", func(SpecContext) {
			with(m, o, func(p *bench) {
				near, far := pair(true)
				for tag := range uint32(4) {
					write(far, "x")
					Expect(string(p.receive(near, tag, 1))).To(Equal("x"))
					p.Receive(near, tag, false)
					p.quiet(tag)
					p.Cancel(tag, proactor.Receive)
					Expect(p.awaitOne(tag).Err()).To(Equal(syscall.ECANCELED))
					p.detach(near)
				}
			})
		}, bounded)

		It("associates a new file although its number was another's", func(SpecContext) {
			with(m, o, func(p *bench) {
				numbers := map[int]bool{}
				l, at := listen()
				for range 20 {
					near := socket()
					connect(near, at)
					far := closing(accepted(l))
					numbers[near] = true
					p.Receive(near, 1, false)
					p.quiet(1)
					write(far, "x") // it would never complete if the port did not hear of it
					o := p.awaitOne(1)
					Expect(string(p.Bytes(o))).To(Equal("x"))
					p.Recycle(o)
					p.detach(near)
					shut(near)
					shut(far)
				}
				Expect(len(numbers)).To(BeNumerically("<", 20), "numbers that were used again")
			})
		}, bounded)
	})
}
