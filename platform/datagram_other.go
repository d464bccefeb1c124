//go:build !unix

package platform

// A Name is a socket's address on its way to or from the kernel.
type Name struct{ addr Sockaddr }

// NameOf is refused on this system.
func NameOf(Sockaddr) (Name, error) { return Name{}, unbuilt("NameOf") }

// IsZero reports whether n is no address at all.
func (n *Name) IsZero() bool { return !n.addr.IsValid() }

// Sockaddr decodes the address.
func (n *Name) Sockaddr() Sockaddr { return n.addr }

// Bytes are what tells n from other addresses.
func (n *Name) Bytes() []byte { return []byte(n.addr.String()) }

// An Inbox would receive datagrams in batches.
type Inbox struct{}

// NewInbox returns an inbox that refuses.
func NewInbox(slots, size int) *Inbox { return &Inbox{} }

// Len is zero on this system.
func (b *Inbox) Len() int { return 0 }

// Receive is refused on this system.
func (b *Inbox) Receive(fd int, info bool) ([]Datagram, error) { return nil, unbuilt("Receive") }

// An Outbox would send datagrams in batches.
type Outbox struct{}

// Send is refused on this system.
func (b *Outbox) Send(fd int, datagrams []Outgoing) (n int, err error) { return 0, unbuilt("Send") }

// SetBroadcast is refused on this system.
func SetBroadcast(int, bool) error { return unbuilt("SetBroadcast") }

// SetPacketInfo is refused on this system.
func SetPacketInfo(int, bool) error { return noPacketInfo() }
