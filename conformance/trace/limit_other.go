//go:build !unix

package trace

// LimitDescriptors panics: the system has no such limit.
func LimitDescriptors(few int) {
	panic("trace: this system has no limit of descriptors that can be set")
}

// UseUpDescriptors panics, too.
func UseUpDescriptors() (giveBack func()) {
	panic("trace: this system has no limit of descriptors that can be set")
}
