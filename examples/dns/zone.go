package main

import (
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// ttl is how many seconds an answer may be kept.
const ttl = 60

// zone is what is known of each name, in lower case with the final dot.
type zone map[string][]netip.Addr

// parseZone reads name=address pairs.
func parseZone(args []string) (zone, error) {
	z := zone{}
	for _, arg := range args {
		name, address, found := strings.Cut(arg, "=")
		a, err := netip.ParseAddr(address)
		if !found || err != nil {
			return nil, fmt.Errorf("%q is not name=address", arg)
		}
		if _, err := dnsmessage.NewName(fqdn(name)); err != nil {
			return nil, fmt.Errorf("%q: %w", name, err)
		}
		z[fqdn(name)] = append(z[fqdn(name)], a)
	}
	return z, nil
}

func fqdn(name string) string {
	return strings.ToLower(strings.TrimSuffix(name, ".")) + "."
}

// answer returns the reply to a packet; nil for what gets none: garbage, because
// its sender may be forged, and answers, because two servers could keep each
// other busy.
func (z zone) answer(packet []byte) []byte {
	var parser dnsmessage.Parser
	asked, err := parser.Start(packet)
	if err != nil || asked.Response {
		return nil
	}
	header := dnsmessage.Header{
		ID: asked.ID, Response: true, Authoritative: true,
		OpCode: asked.OpCode, RecursionDesired: asked.RecursionDesired,
	}
	question, err := parser.Question()
	switch {
	case err != nil:
		header.RCode = dnsmessage.RCodeFormatError
		return pack(header, nil, nil)
	case asked.OpCode != 0:
		header.RCode = dnsmessage.RCodeNotImplemented
		return pack(header, &question, nil)
	}
	known, exists := z[strings.ToLower(question.Name.String())]
	if !exists || question.Class != dnsmessage.ClassINET {
		header.RCode = dnsmessage.RCodeNameError
	}
	return pack(header, &question, known)
}

// pack builds a reply with the addresses of the type that was asked for.
func pack(header dnsmessage.Header, q *dnsmessage.Question, known []netip.Addr) []byte {
	b := dnsmessage.NewBuilder(nil, header)
	b.EnableCompression()
	if q == nil {
		reply, _ := b.Finish()
		return reply
	}
	err := b.StartQuestions()
	if err == nil {
		err = b.Question(*q)
	}
	if err == nil {
		err = b.StartAnswers()
	}
	for _, a := range known {
		if err == nil {
			err = addAddress(&b, q, a)
		}
	}
	reply, finishing := b.Finish()
	if err != nil || finishing != nil {
		return nil
	}
	return reply
}

func addAddress(b *dnsmessage.Builder, q *dnsmessage.Question, a netip.Addr) error {
	header := dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET, TTL: ttl}
	switch {
	case q.Type == dnsmessage.TypeA && a.Is4():
		return b.AResource(header, dnsmessage.AResource{A: a.As4()})
	case q.Type == dnsmessage.TypeAAAA && a.Is6():
		return b.AAAAResource(header, dnsmessage.AAAAResource{AAAA: a.As16()})
	}
	return nil
}
