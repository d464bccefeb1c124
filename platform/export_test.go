package platform

// What the specs reach beyond the exported names: pure functions whose inputs
// this machine can not produce.
var (
	LeadingVersion = leadingVersion
	MeasureClock   = measureClock
	ZoneName       = zoneName
	ZoneIndex      = zoneIndex
)
