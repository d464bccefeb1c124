package proactor

// mechanisms are Windows's, best first.
var mechanisms = []Mechanism{
	{Name: "iocp", New: newIOCP},
}
