package platform

// What the second argument of wait6 is: idtype_t of sys/idtype.h.
const (
	idIsAny = 0
	idIsPID = 1
)
