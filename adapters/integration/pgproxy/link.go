package pgproxy

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// The messages that matter here. Source: PostgreSQL's documentation, chapter
// "Frontend/Backend Protocol", section "Message Formats".
const (
	msgQuery = 'Q'
	msgParse = 'P'
	msgBind  = 'B'
	msgSync  = 'S'
	msgReady = 'Z'

	header     = 5 // a type, and a length that counts itself
	maxMessage = 64 << 20

	cancelRequest = 80877102 // in the place of a version
)

var errMessage = errors.New("message of an impossible length")

// link is one connection of a client with that to the server.
type link struct {
	proxy          *Proxy
	client, server net.Conn

	// Of the client's messages.
	statements map[string]string // texts by their names
	writing    bool              // within a transaction that writes
	commits    bool              // what was bound since the last Sync commits

	over chan struct{} // closed when the server answers no more

	mu   sync.Mutex
	doom *Drop
}

// cut ends both connections.
func (l *link) cut(reset bool) {
	l.hangUp(reset)
	_ = l.server.Close() // whatever is left of it
}

// hangUp ends the connection with the client.
func (l *link) hangUp(reset bool) {
	if tcp, ok := l.client.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0) // else it sees an end
	}
	_ = l.client.Close() // whatever is left of it
}

func (l *link) doomed() *Drop {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.doom
}

// condemn has the answers of the server come to nothing from now on.
func (l *link) condemn(d *Drop) {
	l.proxy.begin(d)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.doom = d
}

// requests passes on what the client sends.
func (l *link) requests() {
	from := bufio.NewReaderSize(l.client, 1<<16)
	start, err := readStart(from)
	if err != nil || isCancel(start) && l.proxy.isDeaf() {
		return
	}
	for message := start; err == nil; message, err = readMessage(from) {
		if !l.request(message) {
			return
		}
	}
}

// request passes on one message, unless the connection is lost by it.
func (l *link) request(m []byte) bool {
	d, whole := l.judge(m)
	if d == nil {
		_, err := l.server.Write(m)
		return err == nil
	}
	if whole {
		l.condemn(d)
		if d.Point == Sent {
			l.hangUp(d.Reset)
		}
		_, _ = l.server.Write(m) // the answers tell
		return false
	}
	if d.Point == Middle {
		_, _ = l.server.Write(m[:len(m)/2]) // it is lost anyway
	}
	l.cut(d.Reset)
	l.proxy.made(d, true, false)
	return false
}

// judge tells whether the connection is to be lost at the message, and whether
// the server gets it.
func (l *link) judge(m []byte) (d *Drop, whole bool) {
	body := m[min(header, len(m)):]
	switch m[0] {
	case msgParse:
		name, rest := text(body)
		l.statements[name], _ = text(rest)
	case msgQuery:
		query, _ := text(body)
		switch {
		case strings.HasPrefix(query, "begin"):
			l.writing = !strings.HasSuffix(query, "read only")
			return l.proxy.hit(Begin), false
		case query == "commit":
			l.writing = false
			return l.commit()
		case query == "rollback":
			l.writing = false
		}
	case msgBind:
		_, rest := text(body)
		name, _ := text(rest)
		l.commits = strings.Contains(l.statements[name], "commit_run")
		if l.commits || l.writing {
			return l.proxy.hit(Middle), false
		}
	case msgSync:
		if l.commits {
			l.commits = false
			return l.commit()
		}
	}
	return nil, false
}

func (l *link) commit() (d *Drop, whole bool) {
	d = l.proxy.hit(Before, Sent, Done, Stall)
	return d, d != nil && d.Point != Before
}

// answers passes on what the server sends.
func (l *link) answers() {
	defer close(l.over)
	from := bufio.NewReaderSize(l.server, 1<<16)
	for {
		m, err := readMessage(from)
		if err != nil {
			if d := l.doomed(); d != nil {
				l.proxy.made(d, false, true)
			}
			l.cut(false)
			return
		}
		d := l.doomed()
		if d == nil {
			if _, err := l.client.Write(m); err != nil {
				_ = l.server.Close() // nobody is there to hear of it
				return
			}
			continue
		}
		if m[0] != msgReady {
			continue
		}
		l.proxy.made(d, true, true)
		if d.Point == Stall {
			l.hold(d.Hold)
		}
		l.cut(d.Reset)
		return
	}
}

// hold waits until the time is up, the client has given up, or all ends.
func (l *link) hold(long time.Duration) {
	_ = l.client.SetReadDeadline(time.Now().Add(long)) // else it takes until the client gives up
	_, _ = io.Copy(io.Discard, l.client)               // the deadline, or its end
}

// readStart reads a message without a type, as connections begin with.
func readStart(from *bufio.Reader) ([]byte, error) {
	length, err := from.Peek(4)
	if err != nil {
		return nil, err
	}
	return readAll(from, int64(binary.BigEndian.Uint32(length)))
}

func isCancel(start []byte) bool {
	return len(start) == 16 && binary.BigEndian.Uint32(start[4:]) == cancelRequest
}

func readMessage(from *bufio.Reader) ([]byte, error) {
	head, err := from.Peek(header)
	if err != nil {
		return nil, err
	}
	return readAll(from, 1+int64(binary.BigEndian.Uint32(head[1:])))
}

func readAll(from *bufio.Reader, size int64) ([]byte, error) {
	if size < header || size > maxMessage {
		return nil, errMessage
	}
	m := make([]byte, size)
	_, err := io.ReadFull(from, m)
	return m, err
}

// text is the text at the beginning, which a zero ends, and what follows it.
func text(b []byte) (string, []byte) {
	s, rest, _ := bytes.Cut(b, []byte{0})
	return string(s), rest
}
