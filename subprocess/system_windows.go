package subprocess

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// checkSystem refuses what Windows does not have: package os would pass over it
// in silence.
func (s *Spec) checkSystem() error {
	for what, wish := range map[string]bool{
		"NewSession":   s.NewSession,
		"ProcessGroup": s.ProcessGroup != 0,
		"Credential":   s.Credential != nil,
		"ExtraFiles":   len(s.ExtraFiles) > 0,
	} {
		if wish {
			return fmt.Errorf("%w: Spec.%s on Windows", errors.ErrUnsupported, what)
		}
	}
	return nil
}

// commandLine marks a Spec of Shell: its last argument is not to be quoted.
const commandLine = "/c"

// attributes are what CreateProcess is told beside the files.
func (s *Spec) attributes() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{HideWindow: true}
	if s.NewProcessGroup {
		attr.CreationFlags = syscall.CREATE_NEW_PROCESS_GROUP
	}
	// cmd.exe reads its command line by rules of its own and is not to be given
	// the quoting that other programs undo.
	if len(s.Args) == 2 && s.Args[0] == commandLine && s.Path == shell() {
		attr.CmdLine = fmt.Sprintf(`"%s" %s "%s"`, s.Path, commandLine, s.Args[1])
	}
	return attr
}

// Shell returns s with what runs a command line: %COMSPEC% /c.
func (s Spec) Shell(cmdline string) Spec {
	s.Path, s.Args = shell(), []string{commandLine, cmdline}
	return s
}

func shell() string {
	if path := os.Getenv("COMSPEC"); path != "" {
		return path
	}
	return "cmd.exe"
}

// find returns the file of the program, by PATHEXT as well. The PATH is the
// parent's, as it is for CreateProcess.
func (s *Spec) find() (string, error) {
	if strings.ContainsAny(s.Path, `:/\`) {
		return s.Path, nil
	}
	path, err := exec.LookPath(s.Path)
	if err != nil {
		return "", &os.PathError{Op: "fork/exec", Path: s.Path, Err: err}
	}
	return path, nil
}

// terminationSignal is Terminate's: there is none but the end of the process.
func terminationSignal() os.Signal { return os.Kill }
