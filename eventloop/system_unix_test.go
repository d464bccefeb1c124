//go:build unix

package eventloop_test

import (
	"github.com/tidemill-go/tidemill/eventloop"
	"github.com/tidemill-go/tidemill/platform"
)

var perKindHere = []func(kind string){
	unixSpecs, fileSpecs, unixgramSpecs, serverLimitSpecs,
	readPipeModeSpecs, silentPipeSpecs,
	signalSpecs,
	subprocessUnixSpecs, subprocessSignalSpecs, subprocessWatcherSpecs, subprocessLimitSpecs, ptySpecs,
}

var perOfferHere = map[platform.Operation][]func(kind string){
	platform.AddReader: {sameNumberSpecs},
}

var helpersHere = map[string]func() error{
	"descriptors": serveWithoutDescriptors,
	"pauses":      pauseOnce,

	"unhandled-removed": unhandled(removeTermination),
	"unhandled-closed":  unhandled((*eventloop.Loop).Close),
}

var kindHelpersHere = map[string]func(kind string) error{
	"inherit":     inheritStreams,
	"childlimits": startWithoutDescriptors,
	"storm":       stormOfSignals,
	"forbidden":   withoutCall,
	"ends":        stormOfEnds,
	"crowd":       serveCrowd,
}
