//go:build !unix

package trace

import "os"

// shell is the tracer itself, which then is an sh.Shell.
func shell(script string) (path string, args []string) {
	return Must(os.Executable()), []string{"-sh", script}
}
