package eventloop

import "github.com/tidemill-go/tidemill/platform"

// Pretend gives a loop the platform table of another target, for the specs of
// what that refuses.
func Pretend(l *Loop, t platform.Target) { l.table = platform.For(t) }

// PolicyOf is the default policy of another target.
func PolicyOf(t platform.Target) Policy { return &DefaultPolicy{target: t} }
