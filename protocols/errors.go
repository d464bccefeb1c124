package protocols

import "errors"

// ErrInvalidWatermarks is returned for marks that break High >= Low >= 0.
var ErrInvalidWatermarks = errors.New("write buffer limits must satisfy high >= low >= 0")

// ErrDataAfterClose is why a TLS connection ended: after Close the peer sent more
// data, which nobody gets, instead of its close_notify.
var ErrDataAfterClose = errors.New("tls: application data after close notify")
