package transports

import "errors"

var errNilProtocol = errors.New("the protocol factory returned nil")
