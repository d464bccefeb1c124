package streams_test

import (
	"bytes"
	"context"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/streams"
)

func readerFlowSpecs(kind string) {
	Describe("the input of a StreamReader", func() {
		var (
			w *world
			t *tap
			r *streams.StreamReader
		)
		BeforeEach(func() {
			w, t = newWorld(kind), &tap{}
			r = streams.NewReader(w.Loop, t, 10)
		})

		// step runs fn as a task, so that it may read what is there.
		step := func(ctx context.Context, fn func(ctx context.Context) error) {
			GinkgoHelper()
			_, err := in(ctx, w, func(ctx context.Context) (int, error) { return 0, fn(ctx) })
			Expect(err).NotTo(HaveOccurred())
		}

		It("pauses over twice the limit and goes on at the limit", func(ctx context.Context) {
			reads := func(n int) func(context.Context) error {
				return func(ctx context.Context) error { _, err := r.ReadExactly(ctx, n); return err }
			}
			w.on(ctx, func() { r.Feed(strings.Repeat("x", 20)) })
			Expect(t.turns).To(BeEmpty())
			w.on(ctx, func() { r.Feed("x"); r.Feed("y") })
			Expect(t.turns).To(Equal([]string{"pause"}))
			step(ctx, reads(11))
			Expect(t.turns).To(HaveLen(1), "11 are left")
			step(ctx, reads(1))
			Expect(t.turns).To(Equal([]string{"pause", "resume"}))
		}, bounded)

		It("goes on when a task waits for more than is there", func(ctx context.Context) {
			w.on(ctx, func() { r.Feed(strings.Repeat("x", 25)) })
			task := eventloop.CreateTask(w.Loop, func(ctx context.Context) (string, error) { return exactly(60)(ctx, r) })
			w.on(ctx, func() {})
			Expect(t.turns).To(Equal([]string{"pause", "resume"}))
			w.on(ctx, func() { r.Feed(strings.Repeat("y", 30)) })
			Expect(t.turns).To(HaveLen(2), "it waits for more than that")
			w.on(ctx, func() { r.Feed(strings.Repeat("z", 30)) })
			Expect(task.Await(ctx)).To(Equal(strings.Repeat("x", 25) + strings.Repeat("y", 30) + "zzzzz"))
			Expect(t.turns).To(Equal([]string{"pause", "resume", "pause"}))
			Expect(r.Buffered()).To(Equal(25))
		}, bounded)

		It("leaves what was handed out where it is until the next call, and then overwrites it in debug mode", func(ctx context.Context) {
			var lent []byte
			step(ctx, func(ctx context.Context) (err error) {
				r.Feed(strings.Repeat("a", 3000))
				lent, err = r.ReadExactly(ctx, 3000)
				for range 9 { // through every way of making room
					r.Feed(strings.Repeat("b", 1000))
					r.Beside().Feed(strings.Repeat("c", 4000))
				}
				return err
			})
			Expect(string(lent)).To(Equal(strings.Repeat("a", 3000)))
			step(ctx, func(ctx context.Context) error { _, err := r.ReadExactly(ctx, 1); return err })
			Expect(lent).To(Equal(bytes.Repeat([]byte{0xDB}, 3000)))
		}, bounded)

		It("hands out a slice whose append does not reach the rest", func(ctx context.Context) {
			step(ctx, func(ctx context.Context) error {
				r.Feed("one\ntwo\n")
				first, err := r.ReadLine(ctx)
				_ = append(first, "xxxx"...)
				return err
			})
			Expect(in(ctx, w, func(ctx context.Context) (string, error) { return line(ctx, r) })).To(Equal("two\n"))
		}, bounded)

		It("keeps memory only while something is there", func(ctx context.Context) {
			Expect(r.Memory()).To(BeZero())
			task := eventloop.CreateTask(w.Loop, func(ctx context.Context) (string, error) {
				for {
					if l, err := line(ctx, r); err != nil || l == "end\n" {
						return l, err
					}
				}
			})
			for range 3 {
				w.on(ctx, func() { r.Feed("line\n") })
				w.on(ctx, func() {})
				Expect(r.Memory()).To(BeZero())
				w.on(ctx, func() { r.Feed("half") })
				w.on(ctx, func() {})
				Expect(r.Memory()).To(BeNumerically(">", 0))
				w.on(ctx, func() { r.Feed("\n") })
				w.on(ctx, func() {})
			}
			w.on(ctx, func() { r.Feed("end\n") })
			Expect(task.Await(ctx)).To(Equal("end\n"))
		}, bounded)

		It("holds little more than what is there, however long it goes on", func(ctx context.Context) {
			step(ctx, func(ctx context.Context) error {
				r.Feed("a line")
				for range 2000 {
					r.Feed(" of\ntext\nto be")
					for range 2 {
						if _, err := r.ReadLine(ctx); err != nil {
							return err
						}
					}
				}
				return nil
			})
			Expect(r.Memory()).To(BeNumerically("<=", 4<<10))
		}, bounded)
	})
}
