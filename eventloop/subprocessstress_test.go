package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/protocols"
	"github.com/tidemill-go/tidemill/subprocess"
)

const (
	crowdAtOnce = 50
	chatter     = 64 << 10 // bytes on each output
)

// speaker is one of many children: it says 64 KiB on each output, and then ends
// by itself, or, a third of them, waits for a signal.
type speaker int

func (s speaker) isKilled() bool { return s%3 == 0 }

func (s speaker) code() int {
	if s.isKilled() {
		return terminated
	}
	return int(s % 100)
}

// said is what is heard of a speaker.
type said struct {
	size int
	sum  uint32
}

func (h *said) add(b []byte) {
	h.size += len(b)
	h.sum = crc32.Update(h.sum, crc32.IEEETable, b)
}

// expected is what it should be.
func (s speaker) expected(fd int) (h said) {
	n := int(s)
	if fd == 2 {
		n += crowdSize
	}
	h.add(fmt.Appendf(nil, "%0*d", chatter, n))
	return h
}

// verdict says what is wrong with a speaker that is over.
func (s speaker) verdict(out, err said, code int) error {
	if out != s.expected(1) || err != s.expected(2) || code != s.code() {
		return fmt.Errorf("child %d: said %v and %v, ended with %d", s, out, err, code)
	}
	return nil
}

// listener is the protocol of a speaker.
type listener struct {
	protocols.SubprocessBase
	speaker   speaker
	transport protocols.SubprocessTransport
	heard     [3]said
	over      func(error)
}

func (l *listener) ConnectionMade(t protocols.SubprocessTransport) { l.transport = t }

func (l *listener) PipeDataReceived(fd int, data []byte) {
	l.heard[fd].add(data)
	if l.speaker.isKilled() && l.heard[1].size+l.heard[2].size == 2*chatter {
		_ = l.transport.Terminate()
	}
}

func (l *listener) ConnectionLost(error) {
	code, _ := l.transport.ReturnCode()
	l.over(l.speaker.verdict(l.heard[1], l.heard[2], code))
}

// crowdOnLoop has n speakers speak, on a loop of its own.
func crowdOnLoop(kind string, n int) error {
	var failures []error
	left := n
	err := withLoop(kind, func(ctx context.Context, l *eventloop.Loop) error {
		finished := eventloop.NewFuture[struct{}](l)
		next := speaker(0)
		var start func()
		over := func(err error) {
			if err != nil {
				failures = append(failures, err)
			}
			if left--; left == 0 {
				finished.SetResult(struct{}{})
			} else {
				start()
			}
		}
		start = func() {
			if next == speaker(n) {
				return
			}
			s := next
			next++
			f := l.SubprocessExec(func() protocols.SubprocessProtocol { return &listener{speaker: s, over: over} }, shell(s.script(), subprocess.Spec{}))
			f.WhenDone(func() {
				if err := f.Err(); err != nil {
					over(err)
				}
			})
		}
		for range crowdAtOnce {
			start()
		}
		_, err := finished.Await(ctx)
		return err
	})
	return errors.Join(append(failures, err)...)
}

func subprocessStressSpecs(kind string) {
	Describe("a crowd of children", Label("stress"), func() {
		It("loses no byte, no return code, no child, no descriptor and no goroutine", func(SpecContext) {
			guard()
			guardChildren()
			DeferCleanup(func() { eventloop.SetPolicy(nil) })
			began := time.Now()
			Expect(crowdOnLoop(kind, crowdSize)).To(Succeed())
			AddReportEntry("on the loop", time.Since(began).String(), ReportEntryVisibilityFailureOrVerbose)
		}, SpecTimeout(5*time.Minute))
	})
}
