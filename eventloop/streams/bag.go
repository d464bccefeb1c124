package streams

import "net"

// packetCost is what a datagram counts for beside its bytes, so that empty ones
// are bounded too.
const packetCost = 64

// bag is datagrams in order, their bytes behind each other in one piece of
// memory.
type bag struct {
	mem     []byte
	packets []packet
	first   int // of packets: those before are taken
}

type packet struct {
	addr       net.Addr
	start, end int
}

func (b *bag) empty() bool { return b.first == len(b.packets) }

// size is what the datagrams that are left count for.
func (b *bag) size() int {
	if b.empty() {
		return 0
	}
	return len(b.mem) - b.packets[b.first].start + packetCost*(len(b.packets)-b.first)
}

// put adds a datagram. What was taken is moved out of the way where memory would
// have to grow otherwise.
func (b *bag) put(data []byte, addr net.Addr) {
	if b.first > 0 && (len(b.mem)+len(data) > cap(b.mem) || len(b.packets) == cap(b.packets)) {
		b.compact()
	}
	start := len(b.mem)
	b.mem = append(b.mem, data...)
	b.packets = append(b.packets, packet{addr, start, len(b.mem)})
}

func (b *bag) compact() {
	taken := 0
	if b.empty() {
		taken = len(b.mem)
	} else {
		taken = b.packets[b.first].start
	}
	b.mem = b.mem[:copy(b.mem, b.mem[taken:])]
	n := copy(b.packets, b.packets[b.first:])
	clear(b.packets[n:])
	b.packets, b.first = b.packets[:n], 0
	for i := range b.packets {
		b.packets[i].start -= taken
		b.packets[i].end -= taken
	}
}

// take returns the first datagram, which stays in the bag's memory until the
// next put. There must be one.
func (b *bag) take() (data []byte, addr net.Addr) {
	p := &b.packets[b.first]
	data, addr = b.mem[p.start:p.end], p.addr
	p.addr = nil
	b.first++
	return data, addr
}

// rest forgets what was taken, and memory that an idle endpoint should not keep.
func (b *bag) rest() {
	if !b.empty() {
		return
	}
	if b.first = 0; cap(b.mem) > smallBuffer || cap(b.packets) > smallBuffer/packetCost {
		b.mem, b.packets = nil, nil
	}
	b.mem, b.packets = b.mem[:0], b.packets[:0]
}
