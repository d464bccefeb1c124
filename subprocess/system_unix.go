//go:build unix

package subprocess

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// checkSystem has nothing to refuse here: the platform says whether there are
// PTYs.
func (s *Spec) checkSystem() error { return nil }

// attributes are what fork and exec are told beside the files.
func (s *Spec) attributes() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{
		Setsid:  s.NewSession || s.PTY != nil,
		Setpgid: s.NewProcessGroup || s.ProcessGroup != 0,
		Pgid:    s.ProcessGroup,
		Setctty: s.PTY != nil, // descriptor 0 of the child, which then is the terminal
	}
	if c := s.Credential; c != nil {
		attr.Credential = &syscall.Credential{Uid: c.UID, Gid: c.GID, Groups: c.Groups}
	}
	return attr
}

// shellOf is the program that runs a command line.
func shellOf(cmdline string) (path string, args []string) {
	return "/bin/sh", []string{"-c", cmdline}
}

// defaultPath is where execvp looks when there is no PATH.
const defaultPath = "/bin:/usr/bin"

// find returns the file of the program. Like execvp it goes on when a candidate
// is not executable, and says so only if there is no better one.
func (s *Spec) find() (string, error) {
	if strings.Contains(s.Path, "/") {
		return s.Path, nil
	}
	missing := error(syscall.ENOENT)
	for _, dir := range filepath.SplitList(s.searchPath()) {
		// An empty element stands for the working directory: relative, too.
		if !filepath.IsAbs(dir) {
			continue
		}
		candidate := filepath.Join(dir, s.Path)
		switch info, err := os.Stat(candidate); {
		case errors.Is(err, fs.ErrPermission):
			missing = syscall.EACCES
		case err != nil:
		case info.Mode().IsRegular() && info.Mode()&0o111 != 0:
			return candidate, nil
		default:
			missing = syscall.EACCES
		}
	}
	return "", &os.PathError{Op: "fork/exec", Path: s.Path, Err: missing}
}

// searchPath is PATH as the child has it. Of several the first counts, as for
// getenv.
func (s *Spec) searchPath() string {
	if s.Env == nil {
		if path, ok := os.LookupEnv("PATH"); ok {
			return path
		}
		return defaultPath
	}
	for _, variable := range s.Env {
		if path, ok := strings.CutPrefix(variable, "PATH="); ok {
			return path
		}
	}
	return defaultPath
}
