package eventloop_test

import "github.com/tidemill-go/tidemill/platform"

var perKindHere = []func(kind string){interruptSpecs}

var perOfferHere = map[platform.Operation][]func(kind string){
	platform.SubprocessExec:   {subprocessWindowsSpecs},
	platform.ConnectReadPipe:  {anonymousPipeSpecs},
	platform.CreatePipeServer: {pipeServerSpecs, pipeConnectionSpecs},
}

var helpersHere = map[string]func() error{
	"shell":    runShell,
	"argument": sayArgument,
}

var kindHelpersHere = map[string]func(kind string) error{
	"inherit":   inheritStreams,
	"ends":      stormOfEnds,
	"interrupt": runUntilInterrupted,
	"press":     interruptChild,
}
