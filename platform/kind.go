package platform

// A Kind is what is behind a descriptor, as FileKind tells it.
type Kind uint8

const (
	// KindUnknown is something that has no file type: an epoll set, an eventfd.
	KindUnknown Kind = iota
	// KindRegular is a file with contents, which no selector can watch.
	KindRegular
	// KindDirectory is a directory.
	KindDirectory
	// KindFIFO is a pipe, with or without a name.
	KindFIFO
	// KindSocket is a socket of any family.
	KindSocket
	// KindCharDevice is a terminal, a PTY, /dev/null.
	KindCharDevice
	// KindBlockDevice is a disk.
	KindBlockDevice
)

var kindNames = [...]string{
	KindUnknown:     "unknown",
	KindRegular:     "regular file",
	KindDirectory:   "directory",
	KindFIFO:        "pipe",
	KindSocket:      "socket",
	KindCharDevice:  "character device",
	KindBlockDevice: "block device",
}

// String returns the words for an error message: "regular file".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return kindNames[KindUnknown]
}
