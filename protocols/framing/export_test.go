package framing

// Memory returns how much the Decoder holds.
func (d *Decoder) Memory() int { return cap(d.partial) }
