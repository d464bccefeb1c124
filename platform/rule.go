package platform

import "slices"

// A rule is one row of the tables: what some operations meet on some systems,
// kinds of loop and versions. A field that is empty does not narrow the row. The
// first row that refuses an operation decides; otherwise the operation is
// supported.
type rule struct {
	systems []string
	loops   []string // empty: the system alone decides, and the error names no loop
	from    version  // the first version it holds for; nil: the first of all
	until   version  // the first version it does not hold for; nil: none
	ops     []Operation

	// limited says that the operations are supported, with reason as the limit.
	limited bool

	reason      string
	alternative string

	// kind is the kind of loop that the error names, where that is not the
	// target's.
	kind string

	// probe asks the running kernel, and the row holds only if it says no. Such
	// a row is left out for other targets.
	probe func() error
}

func (r rule) covers(t Target, v version) bool {
	return (len(r.systems) == 0 || slices.Contains(r.systems, t.OS)) &&
		(len(r.loops) == 0 || slices.Contains(r.loops, t.Loop)) &&
		(r.from == nil || !v.before(r.from)) &&
		(r.until == nil || v.before(r.until))
}

// answer returns what the row says of its operations.
func (r rule) answer(t Target) answer {
	a := answer{supported: r.limited, loop: r.kind, reason: r.reason, alternative: r.alternative}
	if len(r.loops) > 0 {
		a.loop = t.Loop
	}
	return a
}

// concat makes lists of operations out of smaller ones.
func concat(lists ...[]Operation) []Operation { return slices.Concat(lists...) }

// Operations that share their fate in several rows.
var (
	readersAndWriters  = []Operation{AddReader, RemoveReader, AddWriter, RemoveWriter}
	watchedCharDevices = []Operation{AddReaderCharDevice, AddWriterCharDevice}
	pipedCharDevices   = []Operation{ConnectReadPipeCharDevice, ConnectWritePipeCharDevice}
	charDevices        = concat(watchedCharDevices, pipedCharDevices, []Operation{SubprocessPTY})
	pipes              = []Operation{ConnectReadPipe, ConnectWritePipe}
	namedPipes         = []Operation{CreatePipeServer, CreatePipeConnection}
	subprocesses       = []Operation{SubprocessExec, SubprocessShell}
	unixStreams        = []Operation{CreateConnectionUnix, CreateServerUnix}
	datagrams          = []Operation{CreateDatagramEndpoint, SockRecvfrom, SockSendto}
	signalHandlers     = []Operation{AddSignalHandler, RemoveSignalHandler}
	childWatchers      = []Operation{
		ChildWatcher, SetChildWatcher, ChildWatcherPidFD, ChildWatcherKqueue, ChildWatcherSIGCHLD,
	}
)

var rules = slices.Concat(rulesOfWindows, rulesOfUnix)
