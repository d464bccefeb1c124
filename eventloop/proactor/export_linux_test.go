package proactor

// Mapped is the memory of a proactor that /proc has no name for. The last bytes of
// each are nobody's, unless all buffers are full.
func Mapped(p Proactor) [][]byte {
	u, ok := p.(*ioUring)
	if !ok || u.closed {
		return nil
	}
	return [][]byte{u.buffers.memory, u.buffers.ringMemory}
}
