package platform

import "golang.org/x/sys/unix"

// askVersion returns the release of the product: uname would tell the kernel's,
// which counts otherwise. Nothing means the newest; every macOS that Go supports
// answers.
func askVersion() string {
	release, err := unix.Sysctl("kern.osproductversion")
	if err != nil {
		return ""
	}
	return leadingVersion(release)
}
