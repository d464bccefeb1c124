package proactor

// mechanisms are Linux's, best first.
var mechanisms = []Mechanism{
	{Name: "io_uring", New: newIOUring},
}
