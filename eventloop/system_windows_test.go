package eventloop_test

import "github.com/tidemill-go/tidemill/platform"

var perKindHere = []func(kind string){}

var perOfferHere = map[platform.Operation][]func(kind string){}

var helpersHere = map[string]func() error{}

var kindHelpersHere = map[string]func(kind string) error{}
