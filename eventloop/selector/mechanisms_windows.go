package selector

// WSAPoll is no second way: until Windows 10 2004 it kept failed connects to
// itself.
var mechanisms = []Mechanism{
	{Name: "select", New: newSelect},
}
