package memory

import (
	"bytes"
	"io"
	"syscall"
)

// operation is a receive or a send that the kernel works on, from its submission
// to the report of its completion.
type operation struct {
	slot      *slot
	isSend    bool
	memory    []byte // of a send: the transport's, lent until the report
	snapshot  []byte // what was in it at the submission
	cancelled bool
	data      []byte // of a receive
	n         int    // of a send
	err       error
}

// work is the kernel's side: it tries to complete the operation and reports
// whether it did. What has arrived wins over a cancellation, unless that was
// asked for: real completions race with it too.
func (o *operation) work(cancelWins bool) bool {
	switch {
	case o.cancelled && (cancelWins || o.isSend):
		o.err = syscall.ECANCELED
	case o.isSend:
		o.n, o.err = o.slot.end.send(o.memory)
	default:
		o.receive()
	}
	if o.err == errWouldBlock {
		o.err = nil
		if !o.cancelled {
			return false
		}
		o.err = syscall.ECANCELED
	}
	return true
}

func (o *operation) receive() {
	e := o.slot.end
	b := make([]byte, min(max(e.Waiting(), 1), receiveSize))
	n, err := e.receive(b)
	o.data, o.err = b[:n], err
	if err != nil && err != errWouldBlock && err != io.EOF {
		o.slot.failure = err
	}
}

// mustBeUntouched finds a transport out that has used memory which it lent. Each
// byte is looked at when it is reported.
func (o *operation) mustBeUntouched() {
	n := o.n
	if o.err != nil {
		n = len(o.memory)
	}
	if !bytes.Equal(o.memory[:n], o.snapshot[:n]) {
		panic("memory: the bytes of a Send were changed before it was reported")
	}
}
