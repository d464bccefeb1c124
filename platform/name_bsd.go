//go:build unix && !linux

package platform

import "golang.org/x/sys/unix"

// A Name is a socket's address on its way to or from the kernel. The zero Name
// is no address.
type Name struct{ addr Sockaddr }

// NameOf encodes an address. EINVAL for the zero Sockaddr.
func NameOf(a Sockaddr) (Name, error) {
	if !a.IsValid() {
		return Name{}, unix.EINVAL
	}
	return Name{addr: a}, nil
}

// IsZero reports whether n is no address at all.
func (n *Name) IsZero() bool { return !n.addr.IsValid() }

// Sockaddr decodes the address.
func (n *Name) Sockaddr() Sockaddr { return n.addr }

// Bytes are what tells n from other addresses.
func (n *Name) Bytes() []byte { return []byte(n.addr.String()) }
