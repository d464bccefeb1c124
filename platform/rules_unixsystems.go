package platform

import "errors"

var (
	onLinux  = []string{"linux"}
	onDarwin = []string{"darwin"}
	onBSD    = []string{"darwin", "freebsd", "netbsd", "openbsd", "dragonfly"}
	onUnix   = append([]string{"linux"}, onBSD...)
)

var rulesOfUnix = []rule{
	{
		systems: onUnix, ops: namedPipes,
		reason:      noNamedPipesReason,
		alternative: noNamedPipesAlternative,
	},

	// Linux.
	{
		systems: onLinux, until: version{3, 9}, ops: []Operation{ReusePort},
		reason:      "SO_REUSEPORT came with Linux 3.9",
		alternative: "one listening socket shared by all servers",
	},
	{
		systems: onLinux, until: version{5, 4}, ops: []Operation{ChildWatcherPidFD},
		reason:      "waiting for a pidfd came with Linux 5.4",
		alternative: "the watcher that waits in a goroutine per child",
	},
	{
		systems: onLinux, ops: []Operation{ChildWatcherPidFD}, probe: PidFD,
		alternative: "the watcher that waits in a goroutine per child",
	},
	{
		systems: onLinux, ops: []Operation{ChildWatcherKqueue},
		reason:      "Linux has no kqueue",
		alternative: "the watcher that ChildWatcher returns",
	},

	// macOS and the BSDs.
	{
		systems: onBSD, ops: []Operation{UnixAbstractName},
		reason:      "the abstract namespace is Linux's",
		alternative: "a path",
	},
	{
		systems: onBSD, ops: []Operation{PacketInfo},
		reason:      noPacketInfoReason,
		alternative: noPacketInfoAlternative,
	},
	{
		systems: onBSD, ops: []Operation{ChildWatcherPidFD},
		reason:      "pidfds are Linux's",
		alternative: "the watcher that ChildWatcher returns",
	},
	{
		systems: []string{"darwin", "openbsd"}, ops: []Operation{ChildWatcherSIGCHLD},
		reason:      noPeekReason,
		alternative: noPeekAlternative,
	},
	{
		systems: onBSD, ops: []Operation{ChildWatcherSIGCHLD}, probe: canPeek,
		alternative: noPeekAlternative,
	},
	{
		systems: []string{"netbsd", "openbsd"}, ops: []Operation{SendfileNative},
		reason:      "there is no sendfile(2)",
		alternative: "Sendfile, which copies",
	},
	{
		systems: onDarwin, until: version{10, 6}, ops: charDevices,
		reason:      "character devices are not supported at all before macOS 10.6",
		alternative: "a goroutine that reads or writes and calls Post",
	},
	{
		systems: onDarwin, loops: []string{"kqueue"}, until: version{10, 9}, ops: charDevices,
		reason:      "kqueue does not support character devices before macOS 10.9",
		alternative: "a selector loop with the poll or select selector",
	},
}

const (
	noNamedPipesReason      = "named pipes of this kind are objects of Windows"
	noNamedPipesAlternative = "CreateServer and CreateConnection with a Unix socket"
)

// A child must be seen to have ended before it is reaped, or a signal sent
// meanwhile could hit the next process of its number. On macOS waitid takes a
// stopped child for an ended one (golang.org/issue/19314); OpenBSD has no such
// system call.
const (
	noPeekReason      = "an ended child can not be looked at without reaping it"
	noPeekAlternative = "the kqueue watcher"
)

// canPeek is the running system's word, which a 32-bit one has not kept.
func canPeek() error {
	if _, err := EndedChild(0); errors.Is(err, errors.ErrUnsupported) {
		return errors.New(noPeekReason)
	}
	return nil
}
