package platform

var onWindows = []string{"windows"}

// What the calls of this package say, too, to whoever has not asked the table.
const (
	noUnixReason              = "the socket family AF_UNIX is specific to Unix"
	noUnixAlternative         = "TCP on the loopback address"
	noPTYReason               = "there are no PTYs"
	noPTYAlternative          = "ConPTY through golang.org/x/sys/windows"
	noReusePortReason         = "there is no SO_REUSEPORT"
	noReusePortAlternative    = "one listening socket shared by all servers"
	noTransmitFileReason      = "TransmitFile completes through a completion port"
	noTransmitFileAlternative = "Sendfile, which copies"
)

// Windows as asyncio's documentation of the 3.7 era describes it. Pairs of rows
// for one list of operations differ in the alternative only.
var rulesOfWindows = []rule{
	// Every loop.
	{
		systems: onWindows, ops: concat(unixStreams, []Operation{UnixAbstractName}),
		reason:      noUnixReason,
		alternative: noUnixAlternative,
	},
	{
		systems: onWindows, ops: []Operation{CreateDatagramEndpointUnix},
		reason:      noUnixReason,
		alternative: "UDP on the loopback address, with a selector loop",
	},
	{
		systems: onWindows, ops: signalHandlers,
		reason:      "console events are no signals",
		alternative: "os/signal, whose NotifyContext hears os.Interrupt",
	},
	{
		systems: onWindows, ops: childWatchers,
		reason:      "there is one way to wait for a child process and nothing to choose",
		alternative: "SubprocessExec on a proactor loop, which needs no watcher",
	},
	{
		systems: onWindows, ops: []Operation{SubprocessPTY},
		reason:      noPTYReason,
		alternative: noPTYAlternative,
	},
	{
		systems: onWindows, ops: []Operation{ReusePort},
		reason:      noReusePortReason,
		alternative: noReusePortAlternative,
	},

	{
		systems: onWindows, ops: []Operation{PacketInfo},
		reason:      noPacketInfoReason,
		alternative: noPacketInfoAlternative,
	},

	// The selector loop.
	{
		systems: onWindows, loops: []string{"select"}, ops: readersAndWriters, limited: true,
		reason: "sockets only, at most 512 of them",
	},
	{
		systems: onWindows, loops: []string{"select"}, ops: concat(pipes, namedPipes),
		reason:      "select takes sockets only",
		alternative: "a proactor loop",
	},
	{
		systems: onWindows, loops: []string{"select"}, ops: concat(watchedCharDevices, pipedCharDevices),
		reason:      "select takes sockets only",
		alternative: "a goroutine that reads or writes and calls Post",
	},
	{
		systems: onWindows, loops: []string{"select"}, ops: subprocesses,
		reason:      "select takes sockets only, and the pipes to a child are none",
		alternative: "a proactor loop",
	},
	{
		systems: onWindows, loops: []string{"select"}, ops: []Operation{SendfileNative},
		reason:      noTransmitFileReason,
		alternative: noTransmitFileAlternative,
	},

	// The proactor loop.
	{
		systems: onWindows, loops: []string{"iocp"}, ops: readersAndWriters,
		reason:      "completion ports report no readiness",
		alternative: "a selector loop",
	},
	{
		systems: onWindows, loops: []string{"iocp"}, ops: watchedCharDevices,
		reason:      "completion ports report no readiness",
		alternative: "a goroutine that reads or writes and calls Post",
	},
	{
		systems: onWindows, loops: []string{"iocp"}, ops: datagrams,
		reason:      "a proactor loop carries streams only",
		alternative: "a selector loop",
	},
	{
		systems: onWindows, loops: []string{"iocp"}, ops: pipes, limited: true,
		reason: "handles of overlapped pipes only",
	},
	{
		systems: onWindows, loops: []string{"iocp"}, ops: pipedCharDevices,
		reason:      "a console is no overlapped pipe",
		alternative: "a goroutine that reads or writes and calls Post",
	},
}
