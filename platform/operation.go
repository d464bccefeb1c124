package platform

import "slices"

// An Operation is something that a program asks of a loop. It is named after the
// exported method; where the answer depends on what the method is given, in
// parentheses, there is one operation for each case.
type Operation string

// String returns the name that errors and listings use: "CreateServer(unix)".
func (o Operation) String() string { return string(o) }

// Constructors.
const (
	NewSelectorLoop Operation = "NewSelectorLoop"
	NewProactorLoop Operation = "NewProactorLoop"
)

// Scheduling, executor and resolver.
const (
	CallSoon           Operation = "CallSoon"
	CallSoonThreadsafe Operation = "CallSoonThreadsafe"
	CallLater          Operation = "CallLater"
	CallAt             Operation = "CallAt"
	RunInExecutor      Operation = "RunInExecutor"
	GetAddrInfo        Operation = "GetAddrInfo"
	GetNameInfo        Operation = "GetNameInfo"
)

// Readers and writers; a character device is a terminal or a PTY.
const (
	AddReader           Operation = "AddReader"
	RemoveReader        Operation = "RemoveReader"
	AddWriter           Operation = "AddWriter"
	RemoveWriter        Operation = "RemoveWriter"
	AddReaderCharDevice Operation = "AddReader(character device)"
	AddWriterCharDevice Operation = "AddWriter(character device)"
)

// Socket calls.
const (
	SockRecv     Operation = "SockRecv"
	SockRecvInto Operation = "SockRecvInto"
	SockSendall  Operation = "SockSendall"
	SockConnect  Operation = "SockConnect"
	SockAccept   Operation = "SockAccept"
	SockRecvfrom Operation = "SockRecvfrom"
	SockSendto   Operation = "SockSendto"
	SockSendfile Operation = "SockSendfile"
)

// Connections, servers and datagram endpoints. UnixAbstractName is a Unix
// address that begins with '@', ReusePort the field of the server's and the
// endpoint's configuration, PacketInfo that of the endpoint's.
const (
	CreateConnection           Operation = "CreateConnection"
	CreateServer               Operation = "CreateServer"
	ConnectAcceptedSocket      Operation = "ConnectAcceptedSocket"
	CreateConnectionUnix       Operation = "CreateConnection(unix)"
	CreateServerUnix           Operation = "CreateServer(unix)"
	UnixAbstractName           Operation = "UnixAbstractName"
	CreateDatagramEndpoint     Operation = "CreateDatagramEndpoint"
	CreateDatagramEndpointUnix Operation = "CreateDatagramEndpoint(unix)"
	ReusePort                  Operation = "ReusePort"
	PacketInfo                 Operation = "PacketInfo"
	TLS                        Operation = "TLS"
	StartTLS                   Operation = "StartTLS"
)

// Sendfile works everywhere, by copying if need be; SendfileNative is the
// kernel's own way.
const (
	Sendfile       Operation = "Sendfile"
	SendfileNative Operation = "Sendfile(native)"
)

// Pipes. The last two are the named pipes of Windows.
const (
	ConnectReadPipe            Operation = "ConnectReadPipe"
	ConnectWritePipe           Operation = "ConnectWritePipe"
	ConnectReadPipeCharDevice  Operation = "ConnectReadPipe(character device)"
	ConnectWritePipeCharDevice Operation = "ConnectWritePipe(character device)"
	CreatePipeServer           Operation = "CreatePipeServer"
	CreatePipeConnection       Operation = "CreatePipeConnection"
)

// Child processes and signals. The last three of ChildWatcher are kinds of
// watchers, named after what tells them of an end: a descriptor of the process,
// kqueue's EVFILT_PROC, or the signal.
const (
	SubprocessExec      Operation = "SubprocessExec"
	SubprocessShell     Operation = "SubprocessShell"
	SubprocessPTY       Operation = "SubprocessPTY"
	ChildWatcher        Operation = "ChildWatcher"
	SetChildWatcher     Operation = "SetChildWatcher"
	ChildWatcherPidFD   Operation = "ChildWatcher(pidfd)"
	ChildWatcherKqueue  Operation = "ChildWatcher(kqueue)"
	ChildWatcherSIGCHLD Operation = "ChildWatcher(SIGCHLD)"
	AddSignalHandler    Operation = "AddSignalHandler"
	RemoveSignalHandler Operation = "RemoveSignalHandler"
)

var operations = []Operation{
	NewSelectorLoop, NewProactorLoop,
	CallSoon, CallSoonThreadsafe, CallLater, CallAt, RunInExecutor, GetAddrInfo, GetNameInfo,
	AddReader, RemoveReader, AddWriter, RemoveWriter, AddReaderCharDevice, AddWriterCharDevice,
	SockRecv, SockRecvInto, SockSendall, SockConnect, SockAccept, SockRecvfrom, SockSendto, SockSendfile,
	CreateConnection, CreateServer, ConnectAcceptedSocket,
	CreateConnectionUnix, CreateServerUnix, UnixAbstractName,
	CreateDatagramEndpoint, CreateDatagramEndpointUnix, ReusePort, PacketInfo, TLS, StartTLS,
	Sendfile, SendfileNative,
	ConnectReadPipe, ConnectWritePipe, ConnectReadPipeCharDevice, ConnectWritePipeCharDevice,
	CreatePipeServer, CreatePipeConnection,
	SubprocessExec, SubprocessShell, SubprocessPTY,
	ChildWatcher, SetChildWatcher, ChildWatcherPidFD, ChildWatcherKqueue, ChildWatcherSIGCHLD,
	AddSignalHandler, RemoveSignalHandler,
}

// Operations returns all operations in the order of a listing. The slice is the
// caller's.
func Operations() []Operation { return slices.Clone(operations) }
