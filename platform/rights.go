package platform

// MaxPassedFDs is how many descriptors one call can pass; it is Linux's limit
// (SCM_MAX_FD), and others allow more.
const MaxPassedFDs = 253
