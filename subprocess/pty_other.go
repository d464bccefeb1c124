//go:build !unix

package subprocess

import (
	"errors"
	"fmt"
	"os"

	"github.com/tidemill-go/tidemill/protocols"
)

// openPTY is for a caller who has not asked the platform's table.
func openPTY(protocols.WindowSize) (master int, slave *os.File, err error) {
	return -1, nil, fmt.Errorf("%w: pseudo-terminals on this system", errors.ErrUnsupported)
}
