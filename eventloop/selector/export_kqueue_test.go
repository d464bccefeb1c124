package selector

// What the specs of kqueue need to stand in for the kernel.
type (
	KernelQueue = kernelQueue
	Change      = change
	Finding     = finding
	Filter      = filter
	Mode        = mode
)

const (
	ReadFilter  = readFilter
	WriteFilter = writeFilter
	Detached    = detached
	Level       = level
	EdgeMode    = edge
	KqueueRoom  = kqueueRoom
)

// NewKqueueOver makes a kqueue selector of a kernel's half.
func NewKqueueOver(kernel KernelQueue) Selector { return newKqueueOver(kernel) }
