package protocols

// Base is a Protocol, an EOFReceiver and a FlowController that does nothing.
// Embed it and override what is needed. It is deliberately no BufferedProtocol,
// which would swallow DataReceived.
type Base struct{}

var (
	_ Protocol       = Base{}
	_ EOFReceiver    = Base{}
	_ FlowController = Base{}
)

// ConnectionMade does nothing.
func (Base) ConnectionMade(Transport) {}

// DataReceived drops the data.
func (Base) DataReceived([]byte) {}

// EOFReceived asks for the transport to be closed.
func (Base) EOFReceived() (keepOpen bool) { return false }

// PauseWriting does nothing: the buffer goes on growing.
func (Base) PauseWriting() {}

// ResumeWriting does nothing.
func (Base) ResumeWriting() {}

// ConnectionLost does nothing.
func (Base) ConnectionLost(error) {}
