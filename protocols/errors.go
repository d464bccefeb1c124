package protocols

import "errors"

// ErrInvalidWatermarks is returned for marks that break High >= Low >= 0.
var ErrInvalidWatermarks = errors.New("write buffer limits must satisfy high >= low >= 0")
