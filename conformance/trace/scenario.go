package trace

// A Scenario is a small program whose callbacks are traced.
type Scenario struct {
	// Name is what the driver and the goldens call it.
	Name string

	// Doc says in a line what it shows.
	Doc string

	// Plain says that Run makes and drives a loop itself. Otherwise it is a task.
	Plain bool

	// Logs says that warnings and errors of the library's log are traced.
	Logs bool

	// Run is the scenario.
	Run func(x *X)
}

// A Group is scenarios about one thing.
type Group struct {
	Name string

	// Logs says Logs for all of them.
	Logs bool

	Scenarios []Scenario
}

// Find returns the scenario of that name, with what its group says.
func Find(groups []Group, name string) (s Scenario, found bool) {
	for _, g := range groups {
		for _, s := range g.Scenarios {
			if s.Name == name {
				s.Logs = s.Logs || g.Logs
				return s, true
			}
		}
	}
	return Scenario{}, false
}

// List writes one object per scenario: name, group and doc.
func List(t *Tracer, groups []Group) {
	for _, g := range groups {
		for _, s := range g.Scenarios {
			t.Raw(Fields{"name": s.Name, "group": g.Name, "doc": s.Doc})
		}
	}
}
