package conformance

import (
	. "github.com/onsi/ginkgo/v2"
)

// Streams describes, under the given name, what every stream transport does.
// newEnv is called before each spec. It returns true, to stand behind var _ =.
func Streams(name string, newEnv func() Env) bool {
	return describe(name, false, newEnv, topics)
}

func describe(name string, secure bool, newEnv func() Env, topics []func(w *world)) bool {
	return Describe(name, Offset(2), func() {
		w := &world{secure: secure}
		BeforeEach(func() {
			*w = world{Env: newEnv(), secure: secure}
		})
		AfterEach(func() { w.end() }) // before the cleanups of the Env
		for _, topic := range topics {
			topic(w)
		}
	})
}

// topics are the containers of specs, in the order in which they are reported.
var topics = []func(w *world){
	lifeCycle, identity, afterTheEnd,
	closing, aborting, bothEnds, unreadInput,
	writing, coalescing, writingAfterClose, writingEOF,
	marks, pausing, resuming, pausedEnds,
	reading, pausedReading, pausedReadingEnds,
	endOfInput, keptOpen, resets,
	bufferedInput, bufferedFailures, switching, switchedInPause, switchingStyle,
	failingCallbacks, failingFlowControl, failingEnds,
	debugMode,
}
