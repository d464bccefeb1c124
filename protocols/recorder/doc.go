// Package recorder has protocols that record what their transport calls and
// check the order of the calls themselves. They are made for specs: the loop
// calls them, the spec's own goroutine looks at what was recorded.
//
//	p := &recorder.Stream{}
//	p.OnData = func(data []byte) { p.Transport().Write(data) }
//	...
//	Eventually(ctx, p.Done()).Should(BeClosed())
//	Expect(p.String()).To(Equal("made data(5) eof lost(nil)"))
//	Expect(p.Violations()).To(BeEmpty())
//
// Which type to take depends on what the protocol under test should offer:
//
//	Protocol   the three required methods and nothing else
//	Stream     those, EOFReceiver and FlowController
//	Buffered   those of Stream and BufferedProtocol
//	Datagram   DatagramProtocol and FlowController
//	Subprocess SubprocessProtocol and FlowController
//
// The zero value of each is ready for use. Hooks are set before the protocol is
// handed over, and run on the loop's goroutine after their call was recorded,
// without a lock held: a hook may use the recorder, and may panic. Assertions do
// not belong in hooks; record, and assert on the spec's goroutine.
//
// What is held against a transport (Violations):
//
//   - ConnectionMade comes first and once, with a transport;
//   - DataReceived and BufferUpdated bring at least one byte, before the end of
//     input; BufferUpdated stays within the buffer that GetBuffer returned;
//   - EOFReceived comes at most once;
//   - PauseWriting and ResumeWriting alternate, beginning with a pause;
//   - ConnectionLost comes once, and nothing comes after it;
//   - of a child process, ProcessExited comes once, PipeConnectionLost once for
//     every pipe and after its data, and ConnectionLost after all of them;
//   - no callback but PauseWriting runs inside another one.
package recorder
