package proactor

// Mapped is the memory that a proactor has outside Go's heap.
func Mapped(p Proactor) [][]byte {
	u, ok := p.(*ioUring)
	if !ok || u.closed {
		return nil
	}
	return [][]byte{u.ring.memory, u.ring.entryMemory, u.buffers.memory, u.buffers.ringMemory}
}
