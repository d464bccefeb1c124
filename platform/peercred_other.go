//go:build !linux && !darwin && !freebsd

package platform

import "runtime"

// PeerCredentials is refused on this system: its own call is not one that
// golang.org/x/sys/unix has.
func PeerCredentials(int) (Credentials, error) {
	return Credentials{}, &UnsupportedError{
		Op:          "PeerCredentials",
		OS:          runtime.GOOS,
		Reason:      "its credentials of a peer can not be asked for without the C library",
		Alternative: "the permissions of the socket's folder",
	}
}
