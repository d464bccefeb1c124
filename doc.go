// Package tidemill only holds the suite of the module. Start at
// github.com/tidemill-go/tidemill/eventloop, and at
// github.com/tidemill-go/tidemill/protocols for what a program implements.
package tidemill
