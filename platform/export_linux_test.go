package platform

// IOUringRefusal puts an errno and a sysctl's value into words.
var IOUringRefusal = ioUringRefusal

// PidFDRefusal puts an errno of a pidfd's system call into words.
var PidFDRefusal = pidFDRefusal
