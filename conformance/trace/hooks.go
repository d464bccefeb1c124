package trace

// Hooks are the scenario's own code in the callbacks of a traced protocol. Each
// runs after its callback was traced, with the callback's name on the stack, and
// may be nil.
type Hooks struct {
	// Name is traced as "p" where a scenario has two kinds of protocol.
	Name string

	Made      func(p *Stream)
	Data      func(p *Stream, data []byte) // also of BufferUpdated
	EOF       func(p *Stream) (keepOpen bool)
	Pause     func(p *Stream)
	Resume    func(p *Stream)
	Lost      func(p *Stream)
	GetBuffer func(p *Stream) []byte
}
