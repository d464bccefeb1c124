//go:build unix

package trace

// shell is the command that runs a script.
func shell(script string) (path string, args []string) {
	return "/bin/sh", []string{"-c", script}
}
