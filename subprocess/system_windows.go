package subprocess

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/windows"
)

// checkSystem refuses what Windows does not have: package os would pass over it
// in silence.
func (s *Spec) checkSystem() error {
	for _, field := range []struct {
		name  string
		asked bool
	}{
		{"NewSession", s.NewSession},
		{"ProcessGroup", s.ProcessGroup != 0},
		{"Credential", s.Credential != nil},
		{"ExtraFiles", len(s.ExtraFiles) > 0},
		{"PTY", s.PTY != nil},
	} {
		if field.asked {
			return fmt.Errorf("%w: Spec.%s on Windows", errors.ErrUnsupported, field.name)
		}
	}
	return nil
}

// attributes are what CreateProcess is told beside the files.
func (s *Spec) attributes() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{HideWindow: s.shell}
	if s.NewProcessGroup {
		attr.CreationFlags = syscall.CREATE_NEW_PROCESS_GROUP
	}
	if s.shell {
		// cmd.exe reads its command line by rules of its own and is not to be given
		// the quoting that other programs undo.
		attr.CmdLine = `"` + s.Path + `" ` + strings.Join(s.Args, " ")
	}
	return attr
}

// shellOf is the program that runs a command line. With /s it takes the first
// quote and the last one away, whatever is between them; with /d it runs nothing
// else before.
func shellOf(cmdline string) (path string, args []string) {
	path = os.Getenv("COMSPEC")
	if path == "" {
		// Not by name: the search would find somebody else's.
		system, _ := windows.GetSystemDirectory()
		path = filepath.Join(system, "cmd.exe")
	}
	return path, []string{"/d", "/s", "/c", `"` + cmdline + `"`}
}

// find returns the file of the program, by PATHEXT as well. Unlike CreateProcess,
// and like execvp, it does not look into the working directory, and says so if it
// would have found something.
func (s *Spec) find() (string, error) {
	if strings.ContainsAny(s.Path, `:/\`) {
		return s.extended(), nil
	}
	for _, dir := range filepath.SplitList(s.searchPath()) {
		if !filepath.IsAbs(dir) {
			continue
		}
		if path, err := exec.LookPath(filepath.Join(dir, s.Path)); err == nil {
			return path, nil
		}
	}
	missing := error(syscall.ENOENT)
	if _, err := exec.LookPath(`.\` + s.Path); err == nil {
		missing = exec.ErrDot
	}
	return "", &os.PathError{Op: "fork/exec", Path: s.Path, Err: missing}
}

// extended returns a path with the extension that it lacks; as it is if there is
// none that helps, for the system to say what is wrong. Without a volume or a slash
// in front a path is relative to Dir, and stays so.
func (s *Spec) extended() string {
	base := s.Path
	if filepath.VolumeName(base) == "" && !os.IsPathSeparator(base[0]) {
		base = filepath.Join(s.Dir, base)
	}
	// A dot in front keeps LookPath from a search.
	if filepath.Base(base) == base {
		base = `.\` + base
	}
	found, err := exec.LookPath(base)
	if err != nil {
		return s.Path
	}
	return s.Path + strings.TrimPrefix(found, base)
}

// searchPath is PATH as the child has it, by whatever case its name is written.
// Of several the first counts.
func (s *Spec) searchPath() string {
	if s.Env == nil {
		return os.Getenv("PATH")
	}
	for _, variable := range s.Env {
		if name, path, ok := strings.Cut(variable, "="); ok && strings.EqualFold(name, "PATH") {
			return path
		}
	}
	return ""
}
