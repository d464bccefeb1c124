package platform

import (
	"fmt"

	"golang.org/x/sys/windows"
)

// askVersion returns major, minor and build number. RtlGetVersion tells the
// truth, where GetVersion answers what the program's manifest was written for.
func askVersion() string {
	v := windows.RtlGetVersion()
	return fmt.Sprintf("%d.%d.%d", v.MajorVersion, v.MinorVersion, v.BuildNumber)
}
