//go:build unix

package eventloop_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols/recorder"
	"github.com/tidemill-go/tidemill/subprocess"
)

// inputAsItWas is what inheritStreams says of its own input.
const inputAsItWas = "child's input: nothing\nnon-blocking: true\n"

// inheritStreams starts a child on the helper's own streams, while the helper
// itself has its input non-blocking, as a loop that reads it would.
func inheritStreams(kind string) error {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	_ = w.Close()
	if err := unix.Dup2(int(r.Fd()), 0); err != nil {
		return err
	}
	_ = null.Close()
	if err := unix.SetNonblock(0, true); err != nil {
		return err
	}
	return withLoop(kind, func(ctx context.Context, l *eventloop.Loop) error {
		spec := subprocess.Spec{Stdin: subprocess.Inherit, Stdout: subprocess.Inherit, Stderr: subprocess.Inherit}
		c, err := l.SubprocessShell(subprocess.Held, "echo child says out; echo child says err >&2; echo \"child's input: $(cat | grep . || echo nothing)\"; exit 4", spec).Await(ctx)
		if err != nil {
			return err
		}
		code, err := c.Transport.Wait(ctx)
		flags, _ := unix.FcntlInt(0, unix.F_GETFL, 0)
		fmt.Println("non-blocking:", flags&unix.O_NONBLOCK != 0)
		fmt.Println("return code:", code)
		return err
	})
}

// startWithoutDescriptors starts children with fewer and fewer descriptors to
// spare, and says what the last failures were and what was left open.
func startWithoutDescriptors(kind string) error {
	return withLoop(kind, func(ctx context.Context, l *eventloop.Loop) error {
		if err := startOne(ctx, l); err != nil { // what is opened once is open now
			return err
		}
		var limit unix.Rlimit
		if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
			return err
		}
		// No free numbers below the highest: they would not count.
		for fd, highest := 0, slices.Max(descriptors()); fd < highest; {
			var err error
			if fd, err = unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, 0); err != nil {
				return err
			}
		}
		before := descriptors()
		failures := map[string]int{}
		failed := 0
		for spare := range 20 {
			tight := limit
			setLimit(&tight.Cur, before[len(before)-1]+1+spare)
			if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &tight); err != nil {
				return err
			}
			err := startOne(ctx, l)
			if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
				return err
			}
			if err != nil {
				failed++
				failures[lastWord(err)]++
			}
			if left := opened(before); len(left) > 0 {
				return fmt.Errorf("with %d to spare: %v are left open", spare, left)
			}
		}
		delete(failures, syscall.EMFILE.Error())
		fmt.Println("failed:", failed > 2 && failed < 18, "otherwise:", len(failures))
		return startOne(ctx, l)
	})
}

func lastWord(err error) string {
	text := err.Error()
	return strings.TrimSpace(text[strings.LastIndexByte(text, ':')+1:])
}

func startOne(ctx context.Context, l *eventloop.Loop) error {
	p := &recorder.Subprocess{}
	_, err := l.SubprocessExec(makes(p), nothing()).Await(ctx)
	if err != nil {
		// What was open is closed in the next turns.
		_ = eventloop.Sleep(ctx, 0)
		_ = eventloop.Sleep(ctx, 0)
		_ = eventloop.Sleep(ctx, 0)
		return err
	}
	for len(p.Events()) == 0 || p.Count(recorder.Lost) == 0 {
		if err := eventloop.Sleep(ctx, drainStep); err != nil {
			return err
		}
	}
	return nil
}
