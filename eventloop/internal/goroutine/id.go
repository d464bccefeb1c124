package goroutine

import "runtime"

// header is what runtime.Stack begins with, before the id.
const header = "goroutine "

// ID returns the number of the calling goroutine, the one that its stack traces
// show. Numbers are never reused; the main goroutine's is 1.
func ID() uint64 {
	var buf [64]byte
	text := buf[:runtime.Stack(buf[:], false)]
	if len(text) <= len(header) || string(text[:len(header)]) != header {
		panic("goroutine: runtime.Stack begins with " + string(text))
	}
	return leadingNumber(text[len(header):])
}

// leadingNumber reads decimal digits up to the first other byte.
func leadingNumber(text []byte) uint64 {
	var n uint64
	for _, b := range text {
		if b < '0' || b > '9' {
			break
		}
		n = n*10 + uint64(b-'0')
	}
	return n
}
