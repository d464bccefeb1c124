package platform

// PipeAddr is the name of a named pipe of Windows as a net.Addr.
type PipeAddr string

const pipeNetwork = "pipe"

// Network returns "pipe".
func (a PipeAddr) Network() string { return pipeNetwork }

// String returns the name.
func (a PipeAddr) String() string { return string(a) }
