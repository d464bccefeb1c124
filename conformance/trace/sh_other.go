//go:build !unix

package trace

import "os"

// shell is the tracer itself, which then is a Sh.
func shell(script string) (path string, args []string) {
	return Must(os.Executable()), []string{"-sh", script}
}
