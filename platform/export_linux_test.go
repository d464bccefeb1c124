package platform

// IOUringRefusal puts an errno and a sysctl's value into words.
var IOUringRefusal = ioUringRefusal
