package trace_test

import (
	"bytes"
	"errors"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/tidemill-go/tidemill/conformance/trace"
)

var _ = Describe("Tracer", func() {
	var (
		out *bytes.Buffer
		t   *trace.Tracer
	)

	BeforeEach(func() {
		out = &bytes.Buffer{}
		t = trace.NewTracer(out)
	})

	It("writes one object per line", func() {
		t.Raw(trace.Fields{"hello": 1})
		t.Emit("limits", trace.Fields{"low": 1})
		t.Mark("here")
		t.MarkWith("there", trace.Fields{"quick": true})
		t.Marker("later")()
		Expect(out.String()).To(Equal(`{"hello":1}
{"ev":"limits","low":1}
{"ev":"mark","name":"here"}
{"ev":"mark","name":"there","quick":true}
{"ev":"mark","name":"later"}
`))
	})

	It("says in which operations something happened, outermost first", func() {
		t.Do("outer", nil, func() {
			t.Do("inner", nil, func() { t.Mark("deep") })
			t.Raw(trace.Fields{"bare": true})
		})
		t.Mark("outside")
		Expect(out.String()).To(Equal(`{"ev":"mark","in":["outer","inner"],"name":"deep"}
{"ev":"op","in":["outer"],"op":"inner"}
{"bare":true}
{"ev":"op","op":"outer"}
{"ev":"mark","name":"outside"}
`))
	})

	It("traces a result, also one that is null", func() {
		t.Ask("ask", trace.Fields{"what": "x"}, func() (any, error) { return []int{1, 2}, nil })
		t.Ask("ask", nil, func() (any, error) { return nil, nil })
		Expect(out.String()).To(Equal(`{"ev":"op","op":"ask","ret":[1,2],"what":"x"}
{"ev":"op","op":"ask","ret":null}
`))
	})

	It("traces an error in place of a result", func() {
		t.Ask("ask", nil, func() (any, error) { return 1, trace.ErrBoom })
		t.Op("op", nil, func() error { return trace.ErrBoom })
		Expect(out.String()).To(Equal(`{"ev":"op","op":"ask","raises":"Boom"}
{"ev":"op","op":"op","raises":"Boom"}
`))
	})

	It("traces what had to be waited for without anything around it", func() {
		t.Waited("connect", trace.Fields{"what": "x"}, nil)
		t.Waited("connect", nil, trace.ErrBoom)
		Expect(out.String()).To(Equal(`{"ev":"op","op":"connect","what":"x"}
{"ev":"op","op":"connect","raises":"Boom"}
`))
	})

	It("takes a panic of an operation for its error and goes on", func() {
		t.Do("fails", nil, trace.Boom)
		t.Do("fails otherwise", nil, func() { panic("no error value") })
		t.Mark("next")
		objects := lines(out)
		Expect(objects[0]).To(Equal(trace.Fields{"ev": "op", "op": "fails", "raises": "Boom"}))
		Expect(objects[1]).To(HaveKey("raises"))
		Expect(objects[2]).NotTo(HaveKey("in"))
	})

	It("keeps lines of different goroutines apart", func() {
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for range 100 {
					t.Mark("x")
				}
			})
		}
		all.Wait()
		Expect(lines(out)).To(HaveLen(400))
	})

	It("panics when the trace can not be written", func() {
		broken := trace.NewTracer(failing{})
		Expect(func() { broken.Mark("lost") }).To(PanicWith(MatchError("full")))
	})
})

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("full") }

var _ = Describe("ReadEnv", func() {
	read := func(vars map[string]string) (trace.Env, error) {
		return trace.ReadEnv(func(name string) string { return vars[name] })
	}

	It("reads what the driver says", func() {
		Expect(read(map[string]string{
			"TRACE_TMP": "tmp", "TRACE_CERTS": "certs", "TRACE_PEER_PORT": "1", "TRACE_CLOSED_PORT": "2", "TRACE_WATCHDOG": "0.5",
		})).To(Equal(trace.Env{Tmp: "tmp", Certs: "certs", PeerPort: 1, ClosedPort: 2, Watchdog: 500 * time.Millisecond}))
	})

	It("has defaults", func() {
		env, err := read(nil)
		Expect(err).NotTo(HaveOccurred())
		Expect(env.Tmp).NotTo(BeEmpty())
		Expect(env.Watchdog).To(Equal(15 * time.Second))
		Expect(env.PeerPort).To(BeZero())
	})

	DescribeTable("names the variable that is no number",
		func(name string) {
			_, err := read(map[string]string{name: "x"})
			Expect(err).To(MatchError(HavePrefix(name)))
		},
		Entry(nil, "TRACE_PEER_PORT"),
		Entry(nil, "TRACE_CLOSED_PORT"),
		Entry(nil, "TRACE_WATCHDOG"),
	)
})
