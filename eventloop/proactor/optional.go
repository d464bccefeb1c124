package proactor

// A FileSender is a Proactor whose system sends files by itself.
type FileSender interface {
	// SendFile sends at most n bytes of a regular file, from offset on, to a
	// connected socket. It is a Send under another name: the completion is one of
	// Send, and at most one of the two is under way with a tag. The file stays the
	// caller's, who keeps it open until the completion; its own offset does not
	// count and may change.
	SendFile(fd int, tag uint32, file uintptr, offset int64, n int)
}

// A PipeListener is a Proactor whose system has named pipes that are served like
// sockets.
type PipeListener interface {
	// ListenPipe makes a named pipe and returns a descriptor that stands for its
	// server: for Attach, Accept, Cancel and Detach, the caller's to close with
	// platform.CloseFD after Detach. A client may connect from now on. The
	// descriptors that Accept brings are connected, overlapped, not inherited, and
	// the caller's to Attach. Errors: the bare errno, ERROR_ACCESS_DENIED where
	// another server has the name.
	ListenPipe(name string) (fd int, err error)
}

// As returns p as a T, one of the optional interfaces of this package, and
// whether it is one. It looks into a proactor that stands before another one and
// says so by a method Unwrap: what embeds a Proactor hides what else that can do.
func As[T any](p Proactor) (optional T, ok bool) {
	for p != nil {
		if optional, ok = p.(T); ok {
			return optional, true
		}
		wrapper, is := p.(interface{ Unwrap() Proactor })
		if !is {
			break
		}
		p = wrapper.Unwrap()
	}
	return optional, false
}
