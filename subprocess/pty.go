package subprocess

import (
	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/transports"
)

// terminalConfig is config for a PTY. A child that closes its streams a moment
// before it ends, as cat does, must not be hung up in that moment: its return code
// would be that of SIGHUP. So the master outlives its transport if it was the
// child that ended that.
func (e *end) terminalConfig() transports.PipeConfig {
	cfg := e.config()
	closing := cfg.Closing
	cfg.Closing = func() {
		if !e.of.is(hasExited | isClosing) {
			e.of.master = e.of.terminal.Keep()
		}
		closing()
	}
	return cfg
}

// hangUp closes what is kept of the master.
func (t *Transport) hangUp() {
	if t.master > 0 {
		_ = platform.CloseFD(t.master)
		t.master = 0
	}
}
