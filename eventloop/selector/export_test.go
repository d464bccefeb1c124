package selector

// Remaining is what a wait asks of the kernel.
var Remaining = remaining
