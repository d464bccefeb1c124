package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A change replaces text in a file of the standard library.
type change struct {
	file     string
	old, new string
}

// changes are for test binaries under Wine. Both are about requests that Wine
// says it does not know, where Windows has known them for years and Go has no
// second plan.
var changes = []change{{
	// os.RemoveAll: NtSetInformationFile(FileDispositionInformationEx) gives
	// STATUS_NOT_IMPLEMENTED; the older request works.
	file: "internal/syscall/windows/at_windows.go",
	old:  "\tcase STATUS_INVALID_INFO_CLASS, //",
	new:  "\tcase NTStatus(0xC0000002), STATUS_INVALID_INFO_CLASS, //",
}, {
	// UDP sockets of package net: WSAIoctl(SIO_UDP_NETRESET) gives
	// WSAEOPNOTSUPP; what it would turn off never happens here.
	file: "net/fd_windows.go",
	old:  "windows.SIO_UDP_NETRESET, (*byte)(unsafe.Pointer(&flag)), size, nil, 0, &ret, nil, 0)\n\t\tif err != nil {",
	new:  "windows.SIO_UDP_NETRESET, (*byte)(unsafe.Pointer(&flag)), size, nil, 0, &ret, nil, 0)\n\t\tif err != nil && err != syscall.Errno(10045) {",
}}

// writeOverlay writes the changed files and, last, what go build's -overlay
// reads.
func writeOverlay(path string) error {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return fmt.Errorf("go env: %w", err)
	}
	replace := make(map[string]string)
	for i, c := range changes {
		original := filepath.Join(strings.TrimSpace(string(root)), "src", filepath.FromSlash(c.file))
		changed := fmt.Sprintf("%s.%d.go", path, i)
		if err := c.apply(original, changed); err != nil {
			return err
		}
		replace[original] = changed
	}
	overlay, err := json.MarshalIndent(map[string]any{"Replace": replace}, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(path, overlay, 0o644)
}

// apply fails when the text is not there exactly once: a release of Go that has
// changed it is to be looked at.
func (c change) apply(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if n := strings.Count(string(text), c.old); n != 1 {
		return fmt.Errorf("%s has the text to change %d times", from, n)
	}
	return os.WriteFile(to, []byte(strings.Replace(string(text), c.old, c.new, 1)), 0o644)
}
