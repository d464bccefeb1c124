// Package selector waits for descriptors to become ready: epoll on Linux, kqueue
// on macOS and the BSDs, poll and select on every Unix, select on Windows, each
// behind the interface Selector. It knows descriptors and no loop; what an event means is its
// driver's business.
//
//	s, err := selector.New("") // the best of this system
//	if err != nil {
//		return err
//	}
//	defer s.Close()
//	if err := s.Add(fd, tag, selector.Read); err != nil {
//		return err
//	}
//	events, err := s.Wait(time.Now().Add(time.Second), func() bool { return true })
//
// # Goroutines
//
// A selector belongs to one goroutine, its loop's. Wake alone may be called from
// anywhere, at any time.
//
// # Waking
//
// A producer that hands work to a sleeping loop must neither be lost nor cost a
// system call each time. Selector's half of that is the order inside Wait: first
// what a Wake will overwrite is put into place (epoll's deadline), then park is
// called, and only then does it sleep. The loop's half is park itself:
//
//	producer: queue the work; first = !pending.Swap(true)
//	          if first and state goes from parked to waking: Wake
//	park:     state = parked
//	          if pending: state = running, return false
//	          return true
//	loop:     state = running after every Wait; then take the queue
//
// A producer either sees parked, and then its Wake follows all that Wait had
// prepared, or it sees running, and then park sees pending. A Wake that arrives
// late costs at most one Wait that returns nothing.
//
// # What the mechanisms can tell
//
// All report Readable and Writable, with one Event for both. The rest depends:
//
//	        EdgeTriggered  Ended  Failed  Urgent  descriptors
//	epoll   yes            yes    yes     edge    no limit; no regular files
//	kqueue  yes            yes *  yes *   edge *  no limit; not all devices of macOS
//	poll    no             yes *  yes     no      no limit
//	select  no             no     no *    no      below 1024 (ErrDescriptorTooLarge)
//	        on Windows     no     no *    no      512 sockets (ErrTooManyDescriptors)
//
// kqueue says Ended of reading and Failed of writing, and of the other direction
// only what came with an error; with Edge it calls every input Urgent, because it
// can not rule an urgent mark out. A pipe's writing end that is watched for Read
// is Failed when nobody reads any more, there and on epoll and poll.
//
// On systems without POLLRDHUP, poll learns of an end only when both directions
// have ended. select has no word for ends and errors and reports such a
// descriptor as Readable or Writable, whichever it is watched for; Failed stands
// only for a descriptor that was closed while it was registered, and on Windows
// also for a connect that failed, since none of the other words is said of it
// there.
//
// Such a descriptor is a mistake of the caller, and none of the mechanisms lets
// it stop the others: epoll forgets it without a word, poll and select report
// Failed once and leave it alone until Modify or Remove.
//
// # Adding a mechanism
//
// One file with the type, and one line in the table mechanisms of each system
// that has it (mechanisms_linux.go and its siblings, best first). The specs of
// this package take the mechanisms from the table.
package selector
