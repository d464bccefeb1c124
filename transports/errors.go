package transports

import (
	"errors"
	"fmt"
	"os"
)

var errNilProtocol = errors.New("the protocol factory returned nil")

// invalid is an error about an argument: os.ErrInvalid.
func invalid(what string) error { return fmt.Errorf("%w: %s", os.ErrInvalid, what) }
