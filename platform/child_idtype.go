//go:build freebsd || dragonfly

package platform

// What the second argument of wait6 is: idtype_t of sys/wait.h.
const (
	idIsPID = 0
	idIsAny = 7
)
