// Package pgproxy stands between a driver and PostgreSQL and cuts connections
// where a test wants them cut. It knows as much of the protocol as it needs to
// tell a commit from everything else, and no TLS.
package pgproxy

import (
	"context"
	"errors"
	"maps"
	"net"
	"sync"
	"time"
)

// Point is where a connection is lost. The zero value is none.
type Point string

// The points. What is said of COMMIT goes for the one statement that commits as
// well, whose transaction ends with its Sync message.
const (
	// Begin: a transaction begins, and the server is not told.
	Begin Point = "begin"
	// Middle: the server gets a part of a statement that writes.
	Middle Point = "middle"
	// Before: the server gets everything but COMMIT.
	Before Point = "before"
	// Sent: the server gets COMMIT and answers, but nobody waits for it.
	Sent Point = "sent"
	// Done: the server has answered COMMIT, but its answer gets lost.
	Done Point = "done"
	// Stall: the server has answered COMMIT, and its answer is held back until
	// the connection is cut or the client gives up.
	Stall Point = "stall"
)

// Points lists the points.
func Points() []Point { return []Point{Begin, Middle, Before, Sent, Done, Stall} }

// Drop is one connection to be lost.
type Drop struct {
	Point Point
	// After is how many messages of the kind pass before the one that is hit.
	After int
	// Hold is how long Stall holds the answer back.
	Hold time.Duration
	// Reset has the client see a reset and not an end.
	Reset bool
	// Deaf has what the client says besides get lost too, while the server is
	// still to answer: that it wants its statement cancelled.
	Deaf bool
}

// Proxy listens on the loopback and passes on what it gets to one server. It is
// safe for concurrent use.
type Proxy struct {
	server   string
	listener net.Listener
	closed   chan struct{}
	running  sync.WaitGroup

	mu      sync.Mutex
	links   map[*link]struct{}
	armed   []*Drop
	pending int
	deaf    int // drops under way by which no cancelling gets through
	fired   map[Point]int
}

// Start makes a proxy of the server at the address, "host:port". Its goroutines
// end with Close.
func Start(ctx context.Context, server string) (*Proxy, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{
		server: server, listener: l, closed: make(chan struct{}),
		links: make(map[*link]struct{}), fired: make(map[Point]int),
	}
	p.running.Go(p.accept)
	return p, nil
}

// Address is where clients find the proxy.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// Arm has one connection lost, once.
func (p *Proxy) Arm(d Drop) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed = append(p.armed, &d)
	p.pending++
}

// Pending is how many of the drops that were armed are still to come. One whose
// commit the server is to answer is, until it has.
func (p *Proxy) Pending() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pending
}

// Fired is how many drops there were, by their points.
func (p *Proxy) Fired() map[Point]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.fired)
}

// Close cuts every connection, and returns when nothing runs any more.
func (p *Proxy) Close() error {
	p.mu.Lock()
	close(p.closed)
	err := p.listener.Close()
	for l := range p.links {
		l.cut(false)
	}
	p.mu.Unlock()
	p.running.Wait()
	return err
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		p.running.Go(func() { p.serve(client) })
	}
}

// serve passes messages on until one side ends.
func (p *Proxy) serve(client net.Conn) {
	server, err := (&net.Dialer{}).Dial("tcp", p.server)
	if err != nil {
		_ = client.Close() // it sees that nobody is there
		return
	}
	l := &link{proxy: p, client: client, server: server, statements: make(map[string]string), over: make(chan struct{})}
	if !p.enlist(l) {
		l.cut(false)
		return
	}
	defer p.strike(l)
	defer l.cut(false)
	p.running.Go(l.answers)
	l.requests()
	if l.doomed() != nil {
		<-l.over // the server is to answer all the same
	}
}

func (p *Proxy) enlist(l *link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.closed:
		return false
	default:
	}
	p.links[l] = struct{}{}
	return true
}

func (p *Proxy) strike(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.links, l)
}

// hit gives the drop whose turn it is with a message of one of the points.
func (p *Proxy) hit(points ...Point) *Drop {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, d := range p.armed {
		for _, point := range points {
			if d.Point != point {
				continue
			}
			if d.After == 0 {
				p.armed = append(p.armed[:i:i], p.armed[i+1:]...)
				return d
			}
			d.After--
		}
	}
	return nil
}

// begin tells that the server is to answer for a drop.
func (p *Proxy) begin(d *Drop) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if d.Deaf {
		p.deaf++
	}
}

// made tells that a drop was made, or could not be, and whether the server was
// to answer for it.
func (p *Proxy) made(d *Drop, fired, answered bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pending--
	if fired {
		p.fired[d.Point]++
	}
	if d.Deaf && answered {
		p.deaf--
	}
}

// isDeaf tells whether a wish to cancel is to get lost.
func (p *Proxy) isDeaf() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.deaf > 0
}
