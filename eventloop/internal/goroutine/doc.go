// Package goroutine names the calling goroutine, for code that must know
// whether it runs on a goroutine that it has met before.
//
// There are two names, and they are not exchangeable:
//
//   - [Current] costs two nanoseconds where it is written in assembly. It is
//     the address of the runtime's descriptor of the goroutine, and the runtime
//     gives the descriptor of a goroutine that ended to the next one that
//     starts. Whoever keeps it must therefore drop it before its goroutine ends:
//     a loop that is running, a task that is being executed. It must not be kept
//     for a goroutine whose end nobody announces.
//   - [ID] costs about two microseconds on a shallow stack, and half a microsecond
//     more for every further frame, because the runtime walks them all. It is
//     never reused, so a table may be keyed by it; an entry of a goroutine that
//     ended matches nobody.
//
// A coroutine made by [iter.Pull] is a goroutine of its own in both senses.
//
// Go offers neither. The address is read from where the compiler itself keeps
// it (thread-local storage on amd64, the register g on arm64), which is part of
// Go's assembly language; nothing is linked by name into the runtime, and
// architectures without an assembly file use ID for both.
package goroutine
