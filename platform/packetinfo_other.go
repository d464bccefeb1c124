//go:build !linux

package platform

import "runtime"

func noPacketInfo() error {
	return &UnsupportedError{
		Op:          string(PacketInfo),
		OS:          runtime.GOOS,
		Reason:      noPacketInfoReason,
		Alternative: noPacketInfoAlternative,
	}
}
