//go:build linux || windows

package proactor_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/proactor"
	"github.com/tidemill-go/tidemill/platform"
)

// A storm is many connections that are in all sorts of states, without a loop.
type storm struct {
	*bench
	random *rand.Rand
	at     *platform.Name
	ends   map[uint32]*stormEnd
	free   []uint32
	next   uint32
	lost   int // that were torn down
}

type stormEnd struct {
	fd     int
	under  map[proactor.Op]bool
	memory []byte
	dying  bool
	life   int // completions until it is torn down
}

// add takes over a descriptor.
func (s *storm) add(fd int) (uint32, *stormEnd) {
	tag := s.next
	if n := len(s.free); n > 0 {
		tag, s.free = s.free[n-1], s.free[:n-1]
	} else {
		s.next++
	}
	e := &stormEnd{fd: closing(fd), under: map[proactor.Op]bool{}, life: s.random.IntN(5)}
	s.ends[tag] = e
	Expect(s.Attach(fd, tag)).To(Succeed())
	return tag, e
}

// act begins something, or ends everything.
func (s *storm) act(tag uint32, e *stormEnd) {
	if e.life--; e.life < 0 && !e.dying {
		e.dying = true
		for op := range e.under {
			s.Cancel(tag, op)
		}
	}
	switch {
	case e.dying || e.under[proactor.Connect]:
	case !e.under[proactor.Receive] && s.random.IntN(3) > 0:
		e.under[proactor.Receive] = true
		s.Proactor.Receive(e.fd, tag, s.random.IntN(2) == 0)
	case !e.under[proactor.Send]:
		e.under[proactor.Send] = true
		e.memory = make([]byte, 1+s.random.IntN(1<<(4+s.random.IntN(15))))
		s.Proactor.Send(e.fd, tag, e.memory)
	case s.random.IntN(3) == 0:
		_ = platform.ShutdownWrite(e.fd)
	}
	s.bury(tag, e)
}

// bury closes what nothing touches any more.
func (s *storm) bury(tag uint32, e *stormEnd) {
	if !e.dying || len(e.under) > 0 {
		return
	}
	s.Detach(e.fd, tag)
	delete(s.ends, tag)
	s.free = append(s.free, tag)
	s.lost++
	if s.random.IntN(2) == 0 {
		_ = platform.SetLingerReset(e.fd)
	}
	shut(e.fd)
}

// dial begins to connect.
func (s *storm) dial() {
	fd, err := platform.OpenSocket(syscall.AF_INET, syscall.SOCK_STREAM)
	Expect(err).NotTo(HaveOccurred())
	tag, e := s.add(fd)
	e.under[proactor.Connect] = true
	s.Proactor.Connect(fd, tag, s.at)
}

// book takes over a completion.
func (s *storm) book(c proactor.Completion) {
	o := c.Outcome
	if o.Op() == proactor.Accept {
		Expect(o.Err()).To(Or(BeNil(), Equal(syscall.ECANCELED)))
		if o.Err() == nil {
			tag, e := s.add(o.N())
			s.act(tag, e)
		}
		if !o.More() {
			s.Proactor.Accept(s.fds[c.Tag], c.Tag)
		}
		return
	}
	e := s.ends[c.Tag]
	Expect(e).NotTo(BeNil(), "a completion of nobody")
	if !o.More() {
		Expect(e.under).To(HaveKey(o.Op()))
		delete(e.under, o.Op())
	}
	if o.HasBuffer() {
		s.Recycle(o)
	}
	if o.Err() != nil && o.Err() != syscall.ECANCELED && o.Err() != syscall.ENOBUFS || o.Op() == proactor.Receive && o.N() == 0 {
		e.life = 0
	}
	s.act(c.Tag, e)
}

// rage has as many connections made, no more than a few of them at a time.
func (s *storm) rage(connections int) {
	for limit := time.Now().Add(20 * patient); s.lost < 2*connections; {
		for range 16 {
			if connections > 0 && len(s.ends) < 200 && s.lost+len(s.ends) < 2*connections {
				s.dial()
			}
		}
		done, err := s.Wait(time.Now().Add(time.Millisecond), yes)
		Expect(err).NotTo(HaveOccurred())
		for _, c := range done {
			s.book(c)
		}
		for tag, e := range s.ends { // those to which nothing happens
			if s.random.IntN(20) == 0 {
				s.act(tag, e)
			}
		}
		Expect(time.Now()).To(BeTemporally("<", limit), "%d ends are left", len(s.ends))
	}
}

func stormSpecs(m proactor.Mechanism, o proactor.Options) {
	many := 2000
	if o.Without != 0 {
		many = 400
	}
	Describe(fmt.Sprintf("a storm of %d connections", many), Label("stress"), func() {
		It("that are torn down in random states leaves nothing", func(SpecContext) {
			once := func(connections int) {
				with(m, o, func(p *bench) {
					l, at := listen()
					name, err := platform.NameOf(at)
					Expect(err).NotTo(HaveOccurred())
					s := &storm{bench: p, random: rand.New(rand.NewPCG(5, 6)), at: &name, ends: map[uint32]*stormEnd{}, next: 1}
					free := p.Free()
					p.Accept(l, 0)
					s.rage(connections)
					for range 40 { // some are left to Close
						s.dial()
						for _, c := range s.look0() {
							s.book(c)
						}
					}
					Expect(p.Free()).To(Equal(free))
				})
				for fd := range open {
					shut(fd)
				}
			}
			once(50) // what the runtime keeps
			before := handles()
			once(many)
			Eventually(func() int { runtime.GC(); return handles() }).WithTimeout(patient).
				Should(BeNumerically("<=", before+threadsWorth))
		}, SpecTimeout(2*time.Minute))
	})
}

// look0 looks without keeping.
func (s *storm) look0() []proactor.Completion {
	done, err := s.Wait(time.Time{}, nil)
	Expect(err).NotTo(HaveOccurred())
	return done
}
