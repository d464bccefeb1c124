//go:build gc

#include "textflag.h"

// The two-instruction form is right on every system: the assembler shortens it
// where the system's thread-local storage allows.

// func Current() uintptr
TEXT ·Current(SB), NOSPLIT, $0-8
	MOVQ TLS, CX
	MOVQ 0(CX)(TLS*1), AX
	MOVQ AX, ret+0(FP)
	RET
