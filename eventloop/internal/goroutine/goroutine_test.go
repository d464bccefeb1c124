package goroutine_test

import (
	"fmt"
	"iter"
	"runtime"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/internal/goroutine"
)

// names are both names of one goroutine.
type names struct {
	current uintptr
	id      uint64
}

func mine() names { return names{goroutine.Current(), goroutine.ID()} }

// crowd returns the names of n goroutines that are alive at the same time.
func crowd(n int) []names {
	got, release := make(chan names), make(chan struct{})
	all := make([]names, 0, n)
	for range n {
		go func() {
			got <- mine()
			<-release
		}()
	}
	for range n {
		all = append(all, <-got)
	}
	close(release)
	return all
}

// deeper calls itself until the stack has been moved several times.
func deeper(n int) names {
	var pad [256]byte
	if n == 0 {
		return mine()
	}
	got := deeper(n - 1)
	runtime.KeepAlive(pad)
	return got
}

var _ = Describe("the name of a goroutine", func() {
	It("is never zero", func() {
		Expect(goroutine.Current()).NotTo(BeZero())
		Expect(goroutine.ID()).NotTo(BeZero())
	})

	It("stays while the goroutine lives, whatever its stack and thread do", func() {
		before := mine()
		Expect(deeper(1000)).To(Equal(before))
		for range 100 {
			runtime.Gosched()
		}
		runtime.GC()
		Expect(mine()).To(Equal(before))
	})

	It("differs between goroutines that live at the same time", func() {
		const n = 1000
		currents, ids := map[uintptr]bool{}, map[uint64]bool{}
		for _, one := range crowd(n) {
			currents[one.current] = true
			ids[one.id] = true
		}
		Expect(currents).To(HaveLen(n))
		Expect(ids).To(HaveLen(n))
	})

	It("is the number that stack traces show", func() {
		buf := make([]byte, 64)
		buf = buf[:runtime.Stack(buf, false)]
		Expect(string(buf)).To(HavePrefix(fmt.Sprintf("goroutine %d [", goroutine.ID())))
	})

	It("is one as the id of the main goroutine", func() {
		Expect(mainID).To(Equal(uint64(1)))
	})

	When("goroutines come and go", func() {
		It("never uses an id again", func() {
			seen := map[uint64]bool{}
			for range 20 {
				for _, one := range crowd(50) {
					Expect(seen).NotTo(HaveKey(one.id))
					seen[one.id] = true
				}
			}
		})
	})

	When("a coroutine of iter.Pull asks", func() {
		It("is the coroutine's own, and the same after every switch", func() {
			outer := mine()
			next, stop := iter.Pull(func(yield func(names) bool) {
				for yield(mine()) {
				}
			})
			defer stop()
			first, ok := next()
			Expect(ok).To(BeTrue())
			Expect(first.current).NotTo(Equal(outer.current))
			Expect(first.id).NotTo(Equal(outer.id))
			for range 100 {
				again, _ := next()
				Expect(again).To(Equal(first))
				Expect(mine()).To(Equal(outer))
			}
		})

		It("stays the coroutine's when another goroutine resumes it", func() {
			next, stop := iter.Pull(func(yield func(names) bool) {
				for yield(mine()) {
				}
			})
			defer stop()
			first, _ := next()
			done := make(chan names)
			go func() {
				again, _ := next()
				done <- again
			}()
			Expect(<-done).To(Equal(first))
		})
	})
})

// mainID is read while the package is initialised, which the main goroutine does.
var mainID = goroutine.ID()

func BenchmarkCurrent(b *testing.B) {
	for b.Loop() {
		goroutine.Current()
	}
}

func BenchmarkID(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		goroutine.ID()
	}
}

func BenchmarkIDOnADeepStack(b *testing.B) {
	var descend func(int)
	descend = func(n int) {
		if n > 0 {
			descend(n - 1)
			return
		}
		for b.Loop() {
			goroutine.ID()
		}
	}
	descend(50)
}
