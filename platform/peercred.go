package platform

// Credentials are who is at the other end of a Unix socket, as the kernel
// recorded it when the connection was made: the process may have changed its
// user, or be gone, since then.
type Credentials struct {
	// PID is the process, 0 where the system does not say.
	PID int

	// UID and GID are the effective user and group.
	UID, GID uint32
}
