package streams_test

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/eventloop/streams"
	"github.com/tidemill-go/tidemill/protocols/framing"
)

// in runs fn as a task and waits for it.
func in[T any](ctx context.Context, w *world, fn func(ctx context.Context) (T, error)) (T, error) {
	return eventloop.CreateTask(w.Loop, fn).Await(ctx)
}

// tap is what a reader without a connection pauses and resumes.
type tap struct{ turns []string }

func (t *tap) PauseReading()   { t.turns = append(t.turns, "pause") }
func (t *tap) ResumeReading()  { t.turns = append(t.turns, "resume") }
func (t *tap) IsReading() bool { return len(t.turns)%2 == 0 }

// call is one call of a reader and what it returned; the slice as a string, for
// its time is over.
type call func(ctx context.Context, r *streams.StreamReader) (string, error)

func text(b []byte, err error) (string, error) { return string(b), err }

func readN(n int) call {
	return func(ctx context.Context, r *streams.StreamReader) (string, error) {
		p := make([]byte, n)
		n, err := r.Read(ctx, p)
		return string(p[:n]), err
	}
}

func readAll(ctx context.Context, r *streams.StreamReader) (string, error) {
	return text(r.ReadAll(ctx))
}

func exactly(n int) call {
	return func(ctx context.Context, r *streams.StreamReader) (string, error) { return text(r.ReadExactly(ctx, n)) }
}

func until(separators ...string) call {
	var list [][]byte
	for _, s := range separators {
		list = append(list, []byte(s))
	}
	return func(ctx context.Context, r *streams.StreamReader) (string, error) {
		return text(r.ReadUntil(ctx, list...))
	}
}

func line(ctx context.Context, r *streams.StreamReader) (string, error) { return text(r.ReadLine(ctx)) }

func frame(f framing.Framing) call {
	return func(ctx context.Context, r *streams.StreamReader) (string, error) { return text(r.ReadFrame(ctx, f)) }
}

// answer is what a call returned.
type answer struct {
	Data string
	Err  error
}

// converses makes a reader whose limit is 10, lets a task make the calls, and
// feeds it the pieces, one per turn of the loop, and then the end of input.
func converses(ctx context.Context, w *world, pieces []string, calls []call) (answers []answer) {
	GinkgoHelper()
	r := streams.NewReader(w.Loop, &tap{}, 10)
	feeder := func(ctx context.Context) (int, error) {
		for _, piece := range pieces {
			r.Feed(piece)
			if err := eventloop.Sleep(ctx, 0); err != nil {
				return 0, err
			}
		}
		r.FeedEOF()
		return 0, nil
	}
	answers, err := in(ctx, w, func(ctx context.Context) (answers []answer, err error) {
		fed := eventloop.CreateTask(w.Loop, feeder)
		for _, c := range calls {
			data, err := c(ctx, r)
			answers = append(answers, answer{data, err})
		}
		_, err = fed.Await(ctx)
		return answers, err
	})
	Expect(err).NotTo(HaveOccurred())
	return answers
}

func incomplete(partial string, expected int) error {
	return &streams.IncompleteError{Partial: []byte(partial), Expected: expected}
}

func readerSpecs(kind string) {
	Describe("StreamReader", func() {
		var w *world
		BeforeEach(func() { w = newWorld(kind) })

		DescribeTable("reads",
			func(ctx context.Context, input string, calls []call, want ...answer) {
				pieces := strings.Split(input, "|")
				whole := strings.Join(pieces, "")
				Expect(converses(ctx, w, pieces, calls)).To(Equal(want), "as it was cut")
				if strings.Contains(input, "|") {
					return // what it returns depends on the pieces
				}
				Expect(converses(ctx, w, strings.Split(whole, ""), calls)).To(Equal(want), "byte by byte")
			},
			Entry("Read: what is there, at most as much as there is room for", "hello|", []call{readN(3), readN(3), readN(3), readN(3)},
				answer{"hel", nil}, answer{"lo", nil}, answer{"", io.EOF}, answer{"", io.EOF}, bounded),
			Entry("Read: nothing at once for no room", "hello|", []call{readN(0), readN(9)}, answer{}, answer{"hello", nil}, bounded),
			Entry("ReadAll: everything to the end, over the limit too", "hello, everybody there", []call{readAll, readAll},
				answer{"hello, everybody there", nil}, answer{}, bounded),
			Entry("ReadExactly: that many bytes", "hello", []call{exactly(2), exactly(0), exactly(3)},
				answer{"he", nil}, answer{}, answer{"llo", nil}, bounded),
			Entry("ReadExactly: more than the limit", strings.Repeat("0123456789", 5), []call{exactly(50)},
				answer{strings.Repeat("0123456789", 5), nil}, bounded),
			Entry("ReadExactly: incomplete at the end of input, which reads what there was", "hel", []call{exactly(5), exactly(5), readAll},
				answer{"", incomplete("hel", 5)}, answer{"", incomplete("", 5)}, answer{}, bounded),
			Entry("ReadUntil: with the separator", "a;;b;c;;", []call{until(";;"), until(";;")}, answer{"a;;", nil}, answer{"b;c;;", nil}, bounded),
			Entry("ReadUntil: incomplete at the end of input, which reads what there was", "ab;", []call{until(";;"), until(";;")},
				answer{"", incomplete("ab;", 0)}, answer{"", incomplete("", 0)}, bounded),
			Entry("ReadUntil: as much as the limit before the separator", "0123456789;;x", []call{until(";;")}, answer{"0123456789;;", nil}, bounded),
			Entry("ReadUntil: of several separators the one that ends first", "ab--c\r\nd\n", []call{until("\n", "--"), until("\n", "\r\n"), until("\n", "xyz")},
				answer{"ab--", nil}, answer{"c\r\n", nil}, answer{"d\n", nil}, bounded),
			Entry("ReadUntil: of separators that overlap the one that ends first", "abcde", []call{until("bcde", "cd")}, answer{"abcd", nil}, bounded),
			Entry("ReadLine: with its line feed, but for the last one", "one\n\ntwo", []call{line, line, line, line},
				answer{"one\n", nil}, answer{"\n", nil}, answer{"two", nil}, answer{"", io.EOF}, bounded),
			Entry("ReadFrame: frames of a framing", "3:abc,0:,", []call{frame(framing.Netstrings{}), frame(framing.Netstrings{}), frame(framing.Netstrings{})},
				answer{"abc", nil}, answer{}, answer{"", io.EOF}, bounded),
			Entry("ReadFrame: frames over the reader's limit", "\x1e"+strings.Repeat("x", 30), []call{frame(framing.LengthPrefixed{Bytes: 1})},
				answer{strings.Repeat("x", 30), nil}, bounded),
			Entry("ReadFrame: incomplete in the middle of one", "\x00\x05ab", []call{frame(framing.LengthPrefixed{Bytes: 2})},
				answer{"", incomplete("\x00\x05ab", 7)}, bounded),
			Entry("ReadFrame: not over the framing's limit", "\x00\x05abcde", []call{frame(framing.LengthPrefixed{Bytes: 2, Limit: 4})},
				answer{"", &framing.LimitError{Limit: 4, Size: 5}}, bounded),
		)

		DescribeTable("does not read over the limit",
			func(ctx context.Context, input string, calls []call, want ...answer) {
				Expect(converses(ctx, w, strings.Split(input, "|"), calls)).To(Equal(want))
			},
			Entry("in ReadUntil, which leaves the data where it is", "0123456789a;;x", []call{until(";;"), exactly(14)},
				answer{"", &streams.LimitError{Limit: 10, Size: 11}}, answer{"0123456789a;;x", nil}, bounded),
			Entry("in ReadUntil, when no separator can begin early enough any more", "0123456789a;|;", []call{until(";;"), exactly(13)},
				answer{"", &streams.LimitError{Limit: 10, Size: 11}}, answer{"0123456789a;;", nil}, bounded),
			Entry("in ReadLine, which drops the line", "0123456789a\nnext\n", []call{line, line},
				answer{"", &streams.LimitError{Limit: 10, Size: 11}}, answer{"next\n", nil}, bounded),
			Entry("in ReadLine, which drops what there is of a line that has no end yet", "0123456789a|b\nnext\n", []call{line, line, line},
				answer{"", &streams.LimitError{Limit: 10, Size: 11}}, answer{"b\n", nil}, answer{"next\n", nil}, bounded),
		)

		DescribeTable("refuses an argument that is none",
			func(ctx context.Context, c call) {
				Expect(converses(ctx, w, []string{"hello"}, []call{c, readAll})).To(HaveExactElements(
					HaveField("Err", MatchError(os.ErrInvalid)), Equal(answer{"hello", nil})))
			},
			Entry("a negative number of bytes", exactly(-1), bounded),
			Entry("an empty separator", until(";", ""), bounded),
			Entry("no separator", until(), bounded),
		)

		DescribeTable("waits for no more than what is to be read",
			func(ctx context.Context, c call, want string) {
				r := streams.NewReader(w.Loop, &tap{}, 10)
				task := eventloop.CreateTask(w.Loop, func(ctx context.Context) (string, error) { return c(ctx, r) })
				for _, b := range "ab;;\n" {
					w.on(ctx, func() { r.Feed(string(b)) })
				}
				Expect(task.Await(ctx)).To(Equal(want))
			},
			Entry("by Read", readN(5), "a", bounded),
			Entry("by ReadExactly", exactly(5), "ab;;\n", bounded),
			Entry("by ReadUntil", until(";;"), "ab;;", bounded),
			Entry("by ReadUntil, to the last byte", until(";\n"), "ab;;\n", bounded),
			Entry("by ReadLine", line, "ab;;\n", bounded),
			Entry("by ReadFrame", frame(framing.Lines{}), "ab;;", bounded),
		)

		It("tells an end of input with nothing before it from one with something", func(ctx context.Context) {
			all := converses(ctx, w, []string{"x"}, []call{exactly(2), exactly(2)})
			Expect(all[0].Err).To(MatchError(io.ErrUnexpectedEOF))
			Expect(all[0].Err).NotTo(MatchError(io.EOF))
			Expect(all[1].Err).To(MatchError(io.ErrUnexpectedEOF))
			Expect(all[1].Err).To(MatchError(io.EOF))
		}, bounded)

		It("is at the end of input when that has come and everything is read", func(ctx context.Context) {
			r := streams.NewReader(w.Loop, &tap{}, 10)
			w.on(ctx, func() { r.Feed("x") })
			at := func() (ends bool) {
				GinkgoHelper()
				w.on(ctx, func() { ends = r.AtEOF() })
				return ends
			}
			Expect(at()).To(BeFalse())
			w.on(ctx, r.FeedEOF)
			Expect(at()).To(BeFalse())
			Expect(in(ctx, w, func(ctx context.Context) (string, error) { return readN(1)(ctx, r) })).To(Equal("x"))
			Expect(at()).To(BeTrue())
		}, bounded)

		It("gives a range statement the lines until the end of input", func(ctx context.Context) {
			lines := func(ctx context.Context, r *streams.StreamReader) (all string, err error) {
				for line, err := range r.Lines(ctx) {
					all += "[" + string(line) + "]"
					if err != nil {
						return all, err
					}
					if string(line) == "stop\n" {
						break
					}
				}
				return all, nil
			}
			Expect(converses(ctx, w, []string{"one\ntw", "o\nstop\nthree"}, []call{lines, lines, lines})).To(Equal([]answer{
				{"[one\n][two\n][stop\n]", nil}, {"[three]", nil}, {}}))
			Expect(converses(ctx, w, []string{"one\n0123456789a\n", "two\n"}, []call{lines, lines})).To(Equal([]answer{
				{"[one\n][]", &streams.LimitError{Limit: 10, Size: 11}}, {"[two\n]", nil}}))
		}, bounded)

		It("returns the connection's error to who waits and to all who come later, whatever is buffered", func(ctx context.Context) {
			r := streams.NewReader(w.Loop, &tap{}, 10)
			over := make(chan answer, 1)
			task := eventloop.CreateTask(w.Loop, func(ctx context.Context) (int, error) {
				data, err := exactly(9)(ctx, r)
				over <- answer{data, err}
				return 0, nil
			})
			w.on(ctx, func() { r.Feed("hello") })
			w.on(ctx, func() { r.Fail(syscall.ECONNRESET) })
			Eventually(ctx, over).Should(Receive(Equal(answer{"", syscall.ECONNRESET})))
			_, err := task.Await(ctx)
			Expect(err).NotTo(HaveOccurred())
			for _, c := range []call{readN(1), readAll, exactly(1), exactly(0), until(";"), line, frame(framing.Lines{})} {
				_, err := in(ctx, w, func(ctx context.Context) (string, error) { return c(ctx, r) })
				Expect(err).To(BeIdenticalTo(syscall.ECONNRESET))
			}
		}, bounded)

		It("refuses a second task while one waits", func(ctx context.Context) {
			r := streams.NewReader(w.Loop, &tap{}, 10)
			first := eventloop.CreateTask(w.Loop, func(ctx context.Context) (string, error) { return exactly(2)(ctx, r) })
			w.on(ctx, func() { r.Feed("x") })
			for _, c := range []call{readN(1), readAll, exactly(1), until(";"), line, frame(framing.Lines{})} {
				_, err := in(ctx, w, func(ctx context.Context) (string, error) { return c(ctx, r) })
				Expect(err).To(MatchError(eventloop.ErrInvalidState))
			}
			w.on(ctx, func() { r.Feed("y") })
			Expect(first.Await(ctx)).To(Equal("xy"))
		}, bounded)

		It("refuses goroutines, and waits for nobody on the loop outside a task", func(ctx context.Context) {
			r := streams.NewReader(w.Loop, &tap{}, 10)
			_, err := r.ReadLine(ctx)
			Expect(err).To(MatchError(eventloop.ErrInvalidState))
			w.on(ctx, func() {
				r.Feed("hi\n")
				_, err = r.ReadLine(ctx)
			})
			Expect(err).NotTo(HaveOccurred(), "it was there")
			w.on(ctx, func() { _, err = r.ReadLine(ctx) })
			Expect(err).To(MatchError(eventloop.ErrAwaitOnLoop))
		}, bounded)

		It("ends its wait with a context or a cancellation, and loses nothing", func(ctx context.Context) {
			r := streams.NewReader(w.Loop, &tap{}, 10)
			errs := make(chan error, 2)
			task := eventloop.CreateTask(w.Loop, func(ctx context.Context) (string, error) {
				r.Feed("he")
				short, cancel := context.WithTimeout(ctx, time.Millisecond)
				defer cancel()
				_, err := r.ReadExactly(short, 5)
				errs <- err
				_, err = r.ReadExactly(ctx, 5)
				errs <- err
				return exactly(5)(ctx, r)
			})
			Eventually(ctx, errs).Should(Receive(MatchError(context.DeadlineExceeded)))
			Eventually(ctx, func() (waits bool) { w.on(ctx, func() { waits = r.Waits() }); return waits }).Should(BeTrue())
			w.on(ctx, func() { task.Cancel() })
			Eventually(ctx, errs).Should(Receive(MatchError(eventloop.ErrCancelled)))
			w.on(ctx, func() { r.Feed("llo") })
			Expect(task.Await(ctx)).To(Equal("hello"))
		}, bounded)

		It("ends its wait when the loop is closed", func(ctx context.Context) {
			r := streams.NewReader(w.Loop, &tap{}, 10)
			task := eventloop.CreateTask(w.Loop, func(ctx context.Context) (string, error) { return line(ctx, r) })
			w.on(ctx, func() {})
			w.close()
			_, err := task.Result()
			Expect(err).To(MatchError(eventloop.ErrLoopClosed))
			Expect(w.reports()).To(HaveLen(1), "the pending task")
		}, bounded)

		It("returns what ReadAll has read beside the error that ended it", func(ctx context.Context) {
			r := streams.NewReader(w.Loop, &tap{}, 10)
			task := eventloop.CreateTask(w.Loop, func(ctx context.Context) (string, error) {
				all, err := r.ReadAll(ctx)
				if !errors.Is(err, syscall.ECONNRESET) {
					return "", err
				}
				return string(all), nil
			})
			w.on(ctx, func() { r.Feed("hello") })
			w.on(ctx, func() {})
			w.on(ctx, func() { r.Fail(syscall.ECONNRESET) })
			Expect(task.Await(ctx)).To(Equal("hello"))
		}, bounded)
	})
}
