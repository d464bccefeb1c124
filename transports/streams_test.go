package transports_test

import (
	"github.com/tidemill-go/tidemill/transports/conformance"
)

var (
	_ = conformance.Streams("Stream over readiness", func() conformance.Env { return env{styles["readiness"]()} })
	_ = conformance.Streams("Stream over completion", func() conformance.Env { return env{styles["completion"]()} })
)
