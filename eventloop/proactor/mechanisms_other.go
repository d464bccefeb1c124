//go:build !linux

package proactor

// mechanisms are none yet.
var mechanisms []Mechanism
