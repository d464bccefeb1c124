package eventloop

// PauseAccepting leaves new connections to the kernel, which queues up to
// ServerConfig.Backlog of them and then makes clients wait. It is for programs
// that have as many connections as they can serve. It does nothing to a server
// that does not listen yet, and nothing the second time.
func (s *Server) PauseAccepting() {
	for _, b := range s.sockets {
		if b.listener != nil {
			b.listener.PauseAccepting()
		}
	}
}

// ResumeAccepting takes PauseAccepting back.
func (s *Server) ResumeAccepting() {
	for _, b := range s.sockets {
		if b.listener != nil {
			b.listener.ResumeAccepting()
		}
	}
}
