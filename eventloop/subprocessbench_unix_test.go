//go:build unix

package eventloop_test

import (
	"errors"
	"fmt"
	"os/exec"
	"sync"
	"syscall"
	"testing"

	"github.com/tidemill-go/tidemill/eventloop"
)

const crowdSize = 2000

// script needs no other program than the shell: printf is part of it.
func (s speaker) script() string {
	end := fmt.Sprintf("exit %d", s.code())
	if s.isKilled() {
		end = "read x; exit 99"
	}
	return fmt.Sprintf("printf %%0%dd %d; printf %%0%dd %d >&2; %s", chatter, s, chatter, s+crowdSize, end)
}

// hearing is a speaker's output as os/exec wants it.
type hearing struct {
	mu    *sync.Mutex
	heard said
	total *int
	all   func()
}

func (h *hearing) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.heard.add(b)
	if *h.total += len(b); *h.total == 2*chatter {
		h.all()
	}
	return len(b), nil
}

// crowdByExec is the same work through os/exec.
func crowdByExec(n int) error {
	var running sync.WaitGroup
	room, failures := make(chan bool, crowdAtOnce), make(chan error, n)
	for s := range speaker(n) {
		room <- true
		running.Go(func() {
			failures <- speakByExec(s)
			<-room
		})
	}
	running.Wait()
	close(failures)
	var all []error
	for err := range failures {
		all = append(all, err)
	}
	return errors.Join(all...)
}

func speakByExec(s speaker) error {
	cmd := exec.Command("/bin/sh", "-c", s.script())
	var mu sync.Mutex
	total := 0
	all := func() {
		if s.isKilled() {
			_ = cmd.Process.Signal(syscall.SIGTERM)
		}
	}
	out, errs := &hearing{mu: &mu, total: &total, all: all}, &hearing{mu: &mu, total: &total, all: all}
	cmd.Stdout, cmd.Stderr = out, errs
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	defer stdin.Close()
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		return err
	}
	status := cmd.ProcessState.Sys().(syscall.WaitStatus)
	code := status.ExitStatus()
	if status.Signaled() {
		code = -int(status.Signal())
	}
	return s.verdict(out.heard, errs.heard, code)
}

// BenchmarkCrowd compares the children of a loop with those of os/exec.
func BenchmarkCrowd(b *testing.B) {
	b.Run("loop", func(b *testing.B) {
		for b.Loop() {
			if err := crowdOnLoop("", crowdSize); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("exec", func(b *testing.B) {
		for b.Loop() {
			if err := crowdByExec(crowdSize); err != nil {
				b.Fatal(err)
			}
		}
	})
	eventloop.SetPolicy(nil)
}
