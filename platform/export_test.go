package platform

// What the specs reach beyond the exported names: pure functions whose inputs
// this machine can not produce.
var (
	LeadingVersion = leadingVersion
	MeasureClock   = measureClock
	ZoneName       = zoneName
	ZoneIndex      = zoneIndex
)

// ProbedTable is the table of a plain Linux loop with one more row, which holds
// if probe says no; live is whether the table may ask.
func ProbedTable(op Operation, probe func() error, live bool) Table {
	t := For(Target{OS: "linux", Version: "6.18", Loop: "epoll"})
	t.apply(rule{ops: []Operation{op}, probe: probe, alternative: "something else"}, live)
	return t
}
