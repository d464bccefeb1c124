// Package framing cuts streams of bytes into frames: lines, frames behind a
// length, netstrings. The same Framing serves a protocol that is called back and
// a task that reads a stream.
//
// In a protocol, with whatever pieces come:
//
//	func (p *counter) DataReceived(data []byte) {
//		for len(data) > 0 {
//			frame, rest, ok, err := p.decoder.Next(data)
//			if err != nil {
//				p.fail(err)
//				return
//			}
//			if ok {
//				p.count(frame)
//			}
//			data = rest
//		}
//	}
//
// New makes a whole Protocol of a Framing and a Receiver, whose FrameReceived is
// called in place of DataReceived. In a task, StreamReader.ReadFrame of package
// streams takes a Framing.
//
// # Limits
//
// Every framing has a longest frame. A frame that claims to be longer is refused
// when its length is read, before anything of it is kept: a *LimitError. A
// Decoder never holds more than one frame that is not complete, so that a peer
// decides over no more memory than the limit.
//
// A stream that has broken the rules of its framing has no frames any more:
// where the next one would begin nobody knows. Errors are therefore final.
//
// # Goroutines
//
// A Framing is a value that any goroutine may use. A Decoder, an Encoder and a
// Protocol belong to whoever uses them, the loop as a rule.
package framing
