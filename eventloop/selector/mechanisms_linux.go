package selector

// Best first: epoll costs what is ready, poll and select what is registered, and
// select has no room for large descriptor numbers.
var mechanisms = []Mechanism{
	{Name: "epoll", New: newEpoll},
	{Name: "poll", New: newPoll},
	{Name: "select", New: newSelect},
}
