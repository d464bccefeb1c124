package platform

import (
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// askClock returns the current period of the timer interrupt, which is what
// time.Now counts in: 15.6 ms, or less while some program asks for less. The
// call has no place in the SDK but has been in every Windows since NT.
func askClock() time.Duration {
	query := windows.NewLazySystemDLL("ntdll.dll").NewProc("NtQueryTimerResolution")
	var coarsest, finest, current uint32 // in units of 100 ns
	if query.Find() == nil {
		status, _, _ := query.Call(uintptr(unsafe.Pointer(&coarsest)),
			uintptr(unsafe.Pointer(&finest)), uintptr(unsafe.Pointer(&current)))
		if status == 0 && current > 0 {
			return time.Duration(current) * 100
		}
	}
	start := time.Now()
	return measureClock(func() time.Duration { return time.Since(start) })
}
