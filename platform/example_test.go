package platform_test

import (
	"fmt"

	"github.com/tidemill-go/tidemill/platform"
)

// Any target can be asked on any system.
func ExampleFor() {
	proactor := platform.For(platform.Target{OS: "windows", Loop: "iocp"})
	fmt.Println(proactor.Check(platform.SubprocessExec))
	fmt.Println(proactor.Check(platform.AddReader))
	// Output:
	// <nil>
	// AddReader: unsupported on windows by the iocp loop: completion ports report no readiness (use a selector loop)
}
