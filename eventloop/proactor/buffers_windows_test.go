package proactor_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop/proactor"
)

var _ = Describe("the memory that iocp receives into", func() {
	It("is made when it is needed, and given up when it was not for long", func() {
		s := proactor.NewStock(100) // that is 128
		Expect(s.Made()).To(BeZero())
		var held []uint16
		seen := map[uint16]bool{}
		for id, ok := s.Pick(); ok; id, ok = s.Pick() {
			held = append(held, id)
			seen[id] = true
		}
		Expect(held).To(HaveLen(128))
		Expect(seen).To(HaveLen(128))
		for _, id := range held {
			s.Recycle(id)
		}
		Expect(s.Made()).To(Equal(128))
		for range 3000 {
			id, ok := s.Pick()
			Expect(ok).To(BeTrue())
			Expect(id).To(Equal(held[127]), "the one that came back last")
			s.Recycle(id)
		}
		Expect(s.Made()).To(Equal(16))
	})

	It("is kept as long as there are times when it is needed", func() {
		s := proactor.NewStock(64)
		for range 100 {
			var held []uint16
			for range 40 {
				id, _ := s.Pick()
				held = append(held, id)
			}
			for _, id := range held {
				s.Recycle(id)
			}
		}
		Expect(s.Made()).To(Equal(40))
	})
})
