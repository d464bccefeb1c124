// Package future holds futures and tasks over any event loop.
package future
