package trace

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

// Env is what the driver says through the environment.
type Env struct {
	// Tmp is an empty directory for the sockets, fifos and files of this run.
	Tmp string
	// Certs is the directory with server.pem, server.key and ca.pem.
	Certs string
	// PeerPort is a TCP port of 127.0.0.1 where the driver listens.
	PeerPort int
	// ClosedPort is a TCP port of 127.0.0.1 that refuses connections.
	ClosedPort int
	// Watchdog is how long a scenario may take.
	Watchdog time.Duration
}

// defaultWatchdog is longer than the driver waits for anything.
const defaultWatchdog = 15 * time.Second

// ReadEnv reads the variables TRACE_TMP, TRACE_CERTS, TRACE_PEER_PORT,
// TRACE_CLOSED_PORT and TRACE_WATCHDOG (seconds). Those that are missing stand
// for the system's temporary directory, nothing, no port and 15 s.
func ReadEnv(get func(string) string) (Env, error) {
	env := Env{Tmp: get("TRACE_TMP"), Certs: get("TRACE_CERTS"), Watchdog: defaultWatchdog}
	if env.Tmp == "" {
		env.Tmp = os.TempDir()
	}
	for name, port := range map[string]*int{"TRACE_PEER_PORT": &env.PeerPort, "TRACE_CLOSED_PORT": &env.ClosedPort} {
		if s := get(name); s != "" {
			n, err := strconv.Atoi(s)
			if err != nil {
				return Env{}, fmt.Errorf("%s: %w", name, err)
			}
			*port = n
		}
	}
	if s := get("TRACE_WATCHDOG"); s != "" {
		seconds, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return Env{}, fmt.Errorf("TRACE_WATCHDOG: %w", err)
		}
		env.Watchdog = time.Duration(seconds * float64(time.Second))
	}
	return env, nil
}
