package eventloop_test

import (
	"context"
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/protocols"
)

// much is more than any pipe holds.
var much = make([]byte, 4<<20)

// filePipe is a pipe as package os has it, closed with the spec.
func filePipe() (r, w *os.File) {
	GinkgoHelper()
	r, w, err := os.Pipe()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { _, _ = r.Close(), w.Close() })
	return r, w
}

// readingPipe connects p to a file, on a loop that runs in the background.
func readingPipe(ctx context.Context, w *world, p protocols.Protocol, file *os.File) protocols.ReadPipe {
	GinkgoHelper()
	c, err := w.ConnectReadPipe(func() protocols.Protocol { return p }, file).Await(ctx)
	Expect(err).NotTo(HaveOccurred())
	Expect(c.Protocol).To(BeIdenticalTo(p))
	return c.Transport
}

// writingPipe connects p to a file, on a loop that runs in the background.
func writingPipe(ctx context.Context, w *world, p protocols.Protocol, file *os.File) protocols.WritePipe {
	GinkgoHelper()
	c, err := w.ConnectWritePipe(func() protocols.Protocol { return p }, file).Await(ctx)
	Expect(err).NotTo(HaveOccurred())
	Expect(c.Protocol).To(BeIdenticalTo(p))
	return c.Transport
}

// socketPath is where a socket can be made. It is short, as sun_path wants it.
func socketPath() string {
	GinkgoHelper()
	folder, err := os.MkdirTemp("", "tm")
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(os.RemoveAll, folder)
	return filepath.Join(folder, "s")
}

// extra asks a transport on its loop's goroutine.
func extra(ctx context.Context, w *world, t protocols.BaseTransport, name string) (info any) {
	GinkgoHelper()
	w.on(ctx, func() { info = t.ExtraInfo(name) })
	return info
}
