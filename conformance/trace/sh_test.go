package trace_test

import (
	"io"
	"os"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/conformance/trace"
)

var _ = Describe("Sh", func() {
	var (
		sh                *trace.Sh
		in, out, messages *os.File // the other ends
	)

	BeforeEach(func() {
		pipe := func() (r, w *os.File) {
			r, w, err := os.Pipe()
			Expect(err).NotTo(HaveOccurred())
			DeferCleanup(func() { r.Close(); w.Close() })
			return r, w
		}
		sh = &trace.Sh{}
		sh.Stdin, in = pipe()
		out, sh.Stdout = pipe()
		messages, sh.Stderr = pipe()
	})

	all := func(r, w *os.File) string {
		GinkgoHelper()
		_ = w.Close() // the script may have done it
		data, err := io.ReadAll(r)
		Expect(err).NotTo(HaveOccurred())
		return string(data)
	}

	It("reads lines, says things on both outputs and exits", func() {
		Expect(in.WriteString("one\ntwo\n")).To(Equal(8))
		Expect(sh.Run("read a; echo out; read b; echo more words >&2; exit 7; echo never")).To(Equal(7))
		Expect(all(out, sh.Stdout)).To(Equal("out\n"))
		Expect(all(messages, sh.Stderr)).To(Equal("more words\n"))
	})

	It("does not mind the end of its input, and succeeds at the end of the script", func() {
		Expect(in.Close()).To(Succeed())
		Expect(sh.Run("read a; echo b")).To(BeZero())
		Expect(all(out, sh.Stdout)).To(Equal("b\n"))
	})

	It("closes what exec says", func() {
		Expect(sh.Run("exec >&- 2>&-; exec <&-")).To(BeZero())
		Expect(io.ReadAll(out)).To(BeEmpty())
		Expect(io.ReadAll(messages)).To(BeEmpty())
		_, err := in.Write([]byte("x"))
		Expect(err).To(HaveOccurred())
	})

	It("sleeps, also in place of itself", func() {
		began := time.Now()
		Expect(sh.Run("sleep 0.02; exec sleep 0.02")).To(BeZero())
		Expect(time.Since(began)).To(BeNumerically(">=", 35*time.Millisecond))
	})

	It("panics when it does not understand", func() {
		Expect(func() { sh.Run("ls") }).To(PanicWith(ContainSubstring("ls")))
	})
})
