package future

// cancel requests the task's cancellation.
func (c *Coro) cancel() bool {
	if c.status == over || c.passing {
		return false
	}
	c.requested = true
	c.cancels++
	c.end()
	c.endScopes()
	if c.pass() {
		return true
	}
	c.mustCancel = true
	c.rouse() // out of a wait that cannot be cancelled itself
	return true
}

// pass hands a cancellation on to the future that the task awaits, and reports
// whether that took it: then the wait ends when the future does. Tasks that
// await each other in a ring come back here, and the last one is refused.
func (c *Coro) pass() bool {
	target := c.owner
	if c.status != parked || target == nil || c.passing {
		return false
	}
	c.passing = true
	defer func() { c.passing = false }()
	return target.cancel()
}
