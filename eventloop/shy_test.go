package eventloop_test

import (
	"fmt"
	"strings"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/selector"
	"github.com/tidemill-go/tidemill/platform"
)

// shySuffix makes a kind of a selector's name.
const shySuffix = " without terminals"

// shy is a selector that refuses terminals as the kqueue of macOS refuses
// /dev/tty. The wait is the mechanism's own, so that the loop is the real one.
type shy struct {
	selector.Selector
	errno   syscall.Errno
	refused int
}

func (s *shy) Add(fd int, tag uint64, in selector.Interest) error {
	if kind, err := platform.FileKind(fd); err == nil && kind == platform.KindCharDevice {
		s.refused++
		return fmt.Errorf("selector: add descriptor %d: %w", fd, s.errno)
	}
	return s.Selector.Add(fd, tag, in)
}

func newShy(mechanism string, errno syscall.Errno) *shy {
	GinkgoHelper()
	s, err := selector.New(mechanism)
	Expect(err).NotTo(HaveOccurred())
	return &shy{Selector: s, errno: errno}
}

// newSelector makes the selector of a kind, one that refuses terminals too.
func newSelector(kind string) (selector.Selector, error) {
	if mechanism, is := strings.CutSuffix(kind, shySuffix); is {
		return newShy(mechanism, syscall.EINVAL), nil
	}
	return selector.New(kind)
}
