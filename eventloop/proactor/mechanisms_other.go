//go:build !linux && !windows

package proactor

// mechanisms are none yet.
var mechanisms []Mechanism
