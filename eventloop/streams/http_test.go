package streams_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/streams"
	"github.com/tidemill-go/tidemill/platform"
)

// serveHTTP has net/http serve on a Listener: / says hello, /sum what it was
// sent, /much a lot.
func serveHTTP(ctx context.Context, w *world) (url string) {
	GinkgoHelper()
	l := w.listen(ctx, nil)
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(rw http.ResponseWriter, r *http.Request) { _, _ = fmt.Fprintf(rw, "hello, %s", r.Method) })
	mux.HandleFunc("/sum", func(rw http.ResponseWriter, r *http.Request) {
		h := sha256.New()
		n, err := io.Copy(h, r.Body)
		_, _ = fmt.Fprintf(rw, "%d %x %v", n, h.Sum(nil), err)
	})
	mux.HandleFunc("/much", func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write(pattern(8 << 20)) })
	server := &http.Server{Handler: mux}
	over := make(chan error, 1)
	go func() { over <- server.Serve(l) }()
	DeferCleanup(func(ctx context.Context) {
		Expect(server.Shutdown(ctx)).To(Succeed())
		Eventually(ctx, over).Should(Receive(MatchError(http.ErrServerClosed)))
	}, NodeTimeout(patient))
	return "http://" + l.Addr().String()
}

func httpSpecs(kind string) {
	Describe("net/http's server on a Listener", func() {
		var w *world
		BeforeEach(func() { w = newWorld(kind) })

		get := func(client *http.Client, url string) []byte {
			GinkgoHelper()
			r, err := client.Get(url)
			Expect(err).NotTo(HaveOccurred())
			defer func() { _ = r.Body.Close() }()
			body, err := io.ReadAll(r.Body)
			Expect(err).NotTo(HaveOccurred())
			return body
		}

		It("answers net/http's client", func(ctx context.Context) {
			url := serveHTTP(ctx, w)
			transport := &http.Transport{}
			defer transport.CloseIdleConnections()
			client := &http.Client{Transport: transport, Timeout: patient}
			for range 3 {
				Expect(string(get(client, url))).To(Equal("hello, GET"))
			}
			Expect(bytes.Equal(get(client, url+"/much"), pattern(8<<20))).To(BeTrue())
			sent := pattern(8 << 20)
			r, err := client.Post(url+"/sum", "", bytes.NewReader(sent))
			Expect(err).NotTo(HaveOccurred())
			defer func() { _ = r.Body.Close() }()
			body, err := io.ReadAll(r.Body)
			Expect(err).NotTo(HaveOccurred())
			Expect(string(body)).To(Equal(fmt.Sprintf("%d %x <nil>", len(sent), sha256.Sum256(sent))))
		}, bounded)

		It("answers net/http's client that dials through the loop as well", func(ctx context.Context) {
			url := serveHTTP(ctx, w)
			transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				return streams.Dial(ctx, w.Loop, network, address, nil)
			}}
			defer transport.CloseIdleConnections()
			client := &http.Client{Transport: transport, Timeout: patient}
			for range 3 {
				Expect(string(get(client, url))).To(Equal("hello, GET"))
			}
			Expect(bytes.Equal(get(client, url+"/much"), pattern(8<<20))).To(BeTrue())
		}, bounded)

		It("answers curl", func(ctx context.Context) {
			curl, err := exec.LookPath("curl")
			if err != nil {
				Skip("curl is not installed")
			}
			url := serveHTTP(ctx, w)
			limit := fmt.Sprint(int(patient / time.Second))
			out, err := exec.CommandContext(ctx, curl, "-sS", "-m", limit, url, url).CombinedOutput()
			Expect(err).NotTo(HaveOccurred(), "%s", out)
			Expect(string(out)).To(Equal("hello, GEThello, GET"))
			cmd := exec.CommandContext(ctx, curl, "-sS", "-m", limit, "--data-binary", "@-", url+"/sum")
			sent := pattern(2 << 20)
			cmd.Stdin = bytes.NewReader(sent)
			out, err = cmd.CombinedOutput()
			Expect(err).NotTo(HaveOccurred(), "%s", out)
			Expect(string(out)).To(Equal(fmt.Sprintf("%d %x <nil>", len(sent), sha256.Sum256(sent))))
		}, bounded)
	})
}

func crowdSpecs(kind string) {
	Describe("a crowd of Conns", func() {
		It("serves many connections with a goroutine each, on both sides", Label("slow"), func(ctx context.Context) {
			w := newWorld(kind)
			// Each has two sockets here, and select watches 512 or descriptors below 1024.
			clients, rounds := crowd*2/5, 5
			if most := platform.For(platform.Target{Loop: kind}).Limits().MaxSockets; most > 0 {
				clients = min(clients, most/2-1) // there is the listener
			}
			l := w.listen(ctx, nil)
			served := make(chan error, clients)
			go func() {
				for range clients {
					c, err := l.Accept()
					if err != nil {
						served <- err
						return
					}
					go func() {
						_, err := io.Copy(c, c)
						_ = c.Close()
						served <- err
					}()
				}
			}()
			over := make(chan error, clients)
			for i := range clients {
				go func() { over <- converse(ctx, w, l.Addr().String(), byte(i), rounds) }()
			}
			for range clients {
				Eventually(ctx, over).Should(Receive(BeNil()))
				Eventually(ctx, served).Should(Receive(BeNil()))
			}
		}, bounded)

		if kind != "select" {
			It("serves a crowd of package net", Label("slow"), func(ctx context.Context) {
				w := newWorld(kind)
				const clients = crowd
				l := w.listen(ctx, &streams.ListenConfig{Pending: clients})
				conns := make([]net.Conn, clients)
				for i := range conns {
					c, err := net.Dial("tcp", l.Addr().String())
					Expect(err).NotTo(HaveOccurred())
					defer func() { _ = c.Close() }()
					conns[i] = c
					s, err := l.Accept()
					Expect(err).NotTo(HaveOccurred())
					go func() {
						_, _ = io.Copy(s, s)
						_ = s.Close()
					}()
				}
				for i, c := range conns {
					_, err := c.Write([]byte{byte(i)})
					Expect(err).NotTo(HaveOccurred())
				}
				for i, c := range conns {
					p := make([]byte, 2)
					Expect(c.Read(p)).To(Equal(1))
					Expect(p[0]).To(Equal(byte(i)))
				}
			}, bounded)
		}
	})
}

// converse sends and gets back a few messages, and then the end.
func converse(ctx context.Context, w *world, address string, b byte, rounds int) error {
	c, err := streams.Dial(ctx, w.Loop, "tcp", address, nil)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	p := bytes.Repeat([]byte{b}, 1000)
	for range rounds {
		if _, err := c.Write(p); err != nil {
			return err
		}
		got := make([]byte, len(p))
		if _, err := io.ReadFull(c, got); err != nil {
			return err
		}
		if !bytes.Equal(got, p) {
			return fmt.Errorf("got another's bytes: %x", got[:8])
		}
	}
	if err := c.CloseWrite(); err != nil {
		return err
	}
	n, err := io.Copy(io.Discard, c)
	if err == nil && n != 0 {
		err = fmt.Errorf("%d bytes too many", n)
	}
	return err
}
