package streams_test

import (
	"context"
	"io"
	"os"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/streams"
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/subprocess"
)

// work is what a task does with a child.
type work = func(ctx context.Context, p *streams.Process) (string, error)

// with starts a child, lets a task work with it, and waits for its end.
func (w *world) with(ctx context.Context, spec subprocess.Spec, work work) (said string, code int, err error) {
	said, err = in(ctx, w, func(ctx context.Context) (string, error) {
		p, err := streams.Exec(ctx, w.Loop, spec)
		if err != nil {
			return "", err
		}
		defer func() { _ = p.Close() }()
		said, err := work(ctx, p)
		if err == nil {
			code, err = p.Wait(ctx)
		}
		return said, err
	})
	return said, code, err
}

func execSpecs(kind string) {
	Describe("Exec", func() {
		var w *world
		BeforeEach(func() { w = newWorld(kind) })

		with := func(ctx context.Context, spec subprocess.Spec, work work) (said string, code int, err error) {
			return w.with(ctx, spec, work)
		}

		It("gives an output and the status", func(ctx context.Context) {
			Expect(with(ctx, child("echo one; echo two; exit 3"), func(ctx context.Context, p *streams.Process) (string, error) {
				return text(p.Stdout.ReadAll(ctx))
			})).Error().NotTo(HaveOccurred())
			said, code, err := with(ctx, child("echo one; echo two; exit 3"), func(ctx context.Context, p *streams.Process) (all string, err error) {
				for line, err := range p.Stdout.Lines(ctx) {
					if err != nil {
						return all, err
					}
					all += "[" + string(line) + "]"
				}
				if !p.Stdout.AtEOF() || p.Pid() <= 0 {
					return all, io.ErrUnexpectedEOF
				}
				return all, nil
			})
			Expect([]any{said, code, err}).To(Equal([]any{"[one\n][two\n]", 3, nil}))
		}, bounded)

		It("keeps the two outputs apart", func(ctx context.Context) {
			said, _, err := with(ctx, child("echo out; echo err >&2"), func(ctx context.Context, p *streams.Process) (string, error) {
				errors, err := p.Stderr.ReadAll(ctx)
				if err != nil {
					return "", err
				}
				out, err := p.Stdout.ReadAll(ctx)
				return string(out) + string(errors), err
			})
			Expect(err).NotTo(HaveOccurred())
			Expect(said).To(Equal("out\nerr\n"))
		}, bounded)

		It("converses with a child", func(ctx context.Context) {
			said, code, err := with(ctx, child("cat"), func(ctx context.Context, p *streams.Process) (string, error) {
				var all string
				for _, word := range []string{"one\n", "two\n"} {
					if _, err := io.WriteString(p.Stdin, word); err != nil {
						return all, err
					}
					if err := p.Stdin.Drain(ctx); err != nil {
						return all, err
					}
					line, err := p.Stdout.ReadLine(ctx)
					if err != nil {
						return all, err
					}
					all += string(line)
				}
				if err := p.Stdin.Close(); err != nil {
					return all, err
				}
				if err := p.Stdin.WaitClosed(ctx); err != nil {
					return all, err
				}
				rest, err := p.Stdout.ReadAll(ctx)
				return all + string(rest), err
			})
			Expect([]any{said, code, err}).To(Equal([]any{"one\ntwo\n", 0, nil}))
		}, bounded)

		It("has no stream where there is no pipe", func(ctx context.Context) {
			spec := child("exit 0")
			spec.Stdin, spec.Stdout, spec.Stderr = subprocess.DevNull, subprocess.DevNull, subprocess.Stdout
			said, _, err := with(ctx, spec, func(_ context.Context, p *streams.Process) (string, error) {
				if p.Stdin != nil || p.Stdout != nil || p.Stderr != nil {
					return "a stream", nil
				}
				return "nothing", nil
			})
			Expect(err).NotTo(HaveOccurred())
			Expect(said).To(Equal("nothing"))
		}, bounded)

		It("makes a child wait whose output is not read", func(ctx context.Context) {
			const size = 1 << 20
			_, code, err := with(ctx, child(megabyte+"; echo written >&2"), func(ctx context.Context, p *streams.Process) (string, error) {
				early, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
				defer cancel()
				if _, err := p.Stderr.ReadLine(early); err != context.DeadlineExceeded {
					return "", io.ErrShortWrite
				}
				if p.Stdout.Buffered() > 512<<10 {
					return "", io.ErrShortBuffer
				}
				all, err := p.Stdout.ReadAll(ctx)
				if len(all) != size {
					return "", io.ErrUnexpectedEOF
				}
				return "", err
			})
			Expect(err).NotTo(HaveOccurred())
			Expect(code).To(BeZero())
		}, bounded)

		It("makes a task wait whose input is not taken", func(ctx context.Context) {
			_, _, err := with(ctx, child("sleep 0.05; cat >/dev/null"), func(ctx context.Context, p *streams.Process) (string, error) {
				fill(p.Stdin)
				if err := p.Stdin.Drain(ctx); err != nil {
					return "", err
				}
				return "", p.Stdin.Close()
			})
			Expect(err).NotTo(HaveOccurred())
		}, bounded)

		It("tells of an input that nobody takes any more", func(ctx context.Context) {
			_, _, err := with(ctx, child("exec <&-; exec sleep 30"), func(ctx context.Context, p *streams.Process) (string, error) {
				for {
					_, _ = p.Stdin.Write(make([]byte, 100))
					if err := p.Stdin.Drain(ctx); err != nil {
						return "", err
					}
					if err := eventloop.Sleep(ctx, 0); err != nil {
						return "", err
					}
				}
			})
			Expect(err).To(Satisfy(platform.IsDisconnect))
		}, bounded)

		It("sends signals", func(ctx context.Context) {
			for _, signal := range signals {
				_, code, err := with(ctx, child("exec sleep 30"), func(ctx context.Context, p *streams.Process) (string, error) {
					if _, exited := p.ReturnCode(); exited {
						return "", io.ErrUnexpectedEOF
					}
					return "", signal.send(p)
				})
				Expect(err).NotTo(HaveOccurred())
				Expect(code).To(Equal(signal.code))
			}
		}, bounded)

		It("communicates: input, both outputs, the end", func(ctx context.Context) {
			said, code, err := with(ctx, child("cat; echo err >&2; exit 2"), func(ctx context.Context, p *streams.Process) (string, error) {
				out, errors, err := p.Communicate(ctx, []byte(strings.Repeat("x", 300000)))
				return string(out) + string(errors), err
			})
			Expect(err).NotTo(HaveOccurred())
			Expect(code).To(Equal(2))
			Expect(said).To(Equal(strings.Repeat("x", 300000) + "err\n"))
		}, bounded)

		It("communicates behind what was read already", func(ctx context.Context) {
			said, _, err := with(ctx, child("echo one; echo two; cat"), func(ctx context.Context, p *streams.Process) (string, error) {
				first, err := p.Stdout.ReadLine(ctx)
				if err != nil {
					return "", err
				}
				all := string(first) + "|"
				for p.Stdout.Buffered() < 4 {
					if err := eventloop.Sleep(ctx, time.Millisecond); err != nil {
						return "", err
					}
				}
				out, _, err := p.Communicate(ctx, []byte("three\n"))
				if !p.Stdout.AtEOF() {
					return "no end", err
				}
				return all + string(out), err
			})
			Expect(err).NotTo(HaveOccurred())
			Expect(said).To(Equal("one\n|two\nthree\n"))
		}, bounded)

		It("refuses to communicate while a task reads, and outside a task", func(ctx context.Context) {
			_, _, err := with(ctx, child("cat"), func(ctx context.Context, p *streams.Process) (string, error) {
				reader := eventloop.CreateTask(w.Loop, func(ctx context.Context) (string, error) { return line(ctx, p.Stdout) })
				if err := eventloop.Sleep(ctx, 0); err != nil {
					return "", err
				}
				_, _, err := p.Communicate(ctx, nil)
				reader.Cancel()
				_, _ = reader.Await(ctx)
				return "", err
			})
			Expect(err).To(MatchError(eventloop.ErrInvalidState))
			var p *streams.Process
			_, _, err = with(ctx, child("cat"), func(ctx context.Context, child *streams.Process) (string, error) {
				p = child
				return "", p.Stdin.Close()
			})
			Expect(err).NotTo(HaveOccurred())
			_, _, err = p.Communicate(ctx, nil)
			Expect(err).To(MatchError(eventloop.ErrInvalidState))
			w.on(ctx, func() { _, _, err = p.Communicate(ctx, nil) })
			Expect(err).To(MatchError(eventloop.ErrAwaitOnLoop))
		}, bounded)

		It("kills a child on Close", func(ctx context.Context) {
			var p *streams.Process
			_, err := in(ctx, w, func(ctx context.Context) (code int, err error) {
				if p, err = streams.Exec(ctx, w.Loop, child("exec sleep 30")); err != nil {
					return 0, err
				}
				return 0, p.Close()
			})
			Expect(err).NotTo(HaveOccurred())
			Expect(p.Wait(ctx)).To(Equal(killed))
		}, bounded)

		It("returns the errors of SubprocessExec", func(ctx context.Context) {
			_, _, err := with(ctx, subprocess.Spec{Path: "/no/such/program"}, nil)
			Expect(err).To(MatchError(os.ErrNotExist))
			_, _, err = with(ctx, subprocess.Spec{}, nil)
			Expect(err).To(MatchError(os.ErrInvalid))
		}, bounded)

		It("leaves no child when its context ends first", func(ctx context.Context) {
			release := w.blocked(ctx)
			ended, cancel := context.WithCancel(ctx)
			cancel()
			_, err := streams.Exec(ended, w.Loop, child("exec sleep 30"))
			Expect(err).To(MatchError(context.Canceled))
			release()
		}, bounded)
	})

	Describe("Shell", func() {
		It("runs a command line", func(ctx context.Context) {
			w := newWorld(kind)
			Expect(in(ctx, w, func(ctx context.Context) (string, error) {
				p, err := streams.Shell(ctx, w.Loop, sixTimesSeven, subprocess.Spec{})
				if err != nil {
					return "", err
				}
				return text(p.Stdout.ReadAll(ctx))
			})).To(HavePrefix("42"))
		}, bounded)
	})
}
