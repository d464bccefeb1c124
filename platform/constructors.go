package platform

// ioUringSince is the first kernel whose io_uring is enough: before, a wait for
// completions could not be given a timeout.
var ioUringSince = version{5, 11}

// constructorRules returns the rows of NewSelectorLoop and NewProactorLoop for
// one kind of loop. They are made and not written down because they follow from
// what the systems list.
//
// A constructor of the target's own family is about the target's kind; one of
// the other family is about the best kind that the system has of it.
func constructorRules(s system, k loopKind) []rule {
	return append(
		constructorRule(s, k, NewSelectorLoop, false),
		constructorRule(s, k, NewProactorLoop, true)...)
}

func constructorRule(s system, k loopKind, op Operation, proactor bool) []rule {
	if k.proactor != proactor {
		var has bool
		k, has = s.best(func(k loopKind) bool { return k.proactor == proactor })
		if !has {
			return []rule{{
				ops:         []Operation{op},
				reason:      "the system has no mechanism that reports completions",
				alternative: string(NewSelectorLoop),
			}}
		}
	}
	return kernelRules(k, op)
}

// kernelRules is what a kind asks of the kernel beyond the system's name.
func kernelRules(k loopKind, op Operation) []rule {
	if k.name != "io_uring" {
		return nil
	}
	ops := []Operation{op}
	return []rule{
		{
			ops: ops, kind: k.name, until: ioUringSince,
			reason: "the loop needs the io_uring of Linux 5.11", alternative: string(NewSelectorLoop),
		},
		{ops: ops, kind: k.name, probe: IOUring, alternative: string(NewSelectorLoop)},
	}
}
