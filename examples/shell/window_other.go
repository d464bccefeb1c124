//go:build !unix

package main

import "github.com/tidemill-go/tidemill/eventloop"

// onChange is for systems that tell a program of its window.
func (w *window) onChange(*eventloop.Loop, func()) error { return nil }
