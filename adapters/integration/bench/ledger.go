package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// ledger is what the baselines have in common: books in memory, written by
// hand for just these two kinds of operations. Sums are whole minor units, an
// entry is encoded by appending, an operation is one function.
type ledger struct {
	tenant string
	size   int // of an entry in bytes
	books  []ledgerBook
}

type ledgerBook struct {
	customer string
	seq      int64
	head     [sha256.Size]byte
	current  balance
	savings  balance
	clearing balance
}

type balance struct {
	ref    string
	posted int64
}

// change is the rows of one operation.
type change struct {
	seq         int64
	prev, hash  [sha256.Size]byte
	fingerprint [sha256.Size]byte
	at          time.Time
	key, id     string
	kind        string
	from, to    string
	amount      int64
	bytes       []byte
	legs        [2]leg
}

// leg is a posting with the balance after it.
type leg struct {
	of     *balance
	amount int64
	posted int64
}

func newLedger(books, size int) (*ledger, error) {
	l := &ledger{tenant: "bench", size: size, books: make([]ledgerBook, books)}
	for i := range l.books {
		ids := [3]string{}
		for j := range ids {
			id, err := uuid.NewV7()
			if err != nil {
				return nil, err
			}
			ids[j] = id.String()
		}
		l.books[i] = ledgerBook{
			customer: ids[0], current: balance{ids[1], funding}, savings: balance{ref: ids[2]},
			clearing: balance{"clearing:desk", -funding},
		}
	}
	return l, nil
}

var errFunds = errors.New("not enough on the account")

// apply does a task in its book and gives the rows to store.
func (l *ledger) apply(t *task, now time.Time, c *change) error {
	b := &l.books[t.book]
	from, to := &b.clearing, &b.current
	c.kind, c.from, c.to = "deposit", "", to.ref
	if t.transfer {
		from, to = &b.current, &b.savings
		if from.posted < t.amount {
			return errFunds
		}
		c.kind, c.from, c.to = "transfer", from.ref, to.ref
	}
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	from.posted -= t.amount
	to.posted += t.amount
	c.seq, c.prev, c.at, c.key, c.id, c.amount = b.seq+1, b.head, now, t.key, id.String(), t.amount
	c.legs = [2]leg{{from, -t.amount, from.posted}, {to, t.amount, to.posted}}
	c.fingerprint = fingerprint(c)
	c.bytes = l.encode(b.customer, c)
	c.hash = sha256.Sum256(c.bytes)
	b.seq, b.head = c.seq, c.hash
	return nil
}

func fingerprint(c *change) [sha256.Size]byte {
	text := make([]byte, 0, 160)
	text = append(append(append(text, c.kind...), c.from...), c.to...)
	return sha256.Sum256(appendSum(text, c.amount))
}

// encode writes an entry as JSON and fills it up to the size of the engine's,
// which records more: so much is to be hashed and stored.
func (l *ledger) encode(customer string, c *change) []byte {
	text := func(b []byte, name, value string) []byte {
		b = append(append(append(b, '"'), name...), `":"`...)
		return append(append(b, value...), `",`...)
	}
	b := make([]byte, 0, l.size+64)
	b = append(b, '{')
	b = text(b, "tenant", l.tenant)
	b = text(b, "customer", customer)
	b = append(strconv.AppendInt(append(b, `"seq":`...), c.seq, 10), ',')
	b = append(c.at.AppendFormat(append(b, `"at":"`...), time.RFC3339Nano), `",`...)
	b = append(hex.AppendEncode(append(b, `"prev":"`...), c.prev[:]), `",`...)
	b = append(hex.AppendEncode(append(b, `"fingerprint":"`...), c.fingerprint[:]), `",`...)
	b = text(b, "key", c.key)
	b = text(b, "operation", c.id)
	b = text(b, "kind", c.kind)
	b = text(b, "from", c.from)
	b = text(b, "to", c.to)
	b = append(appendSum(append(b, `"amount":"`...), c.amount), `",`...)
	b = append(b, `"postings":[`...)
	for i := range c.legs {
		if i > 0 {
			b = append(b, ',')
		}
		b = text(append(b, '{'), "ref", c.legs[i].of.ref)
		b = append(appendSum(append(b, `"amount":"`...), c.legs[i].amount), `"}`...)
	}
	b = append(b, `],"filler":"`...)
	for len(b) < l.size-2 {
		b = append(b, 'x')
	}
	return append(b, `"}`...)
}

// appendSum writes minor units as a decimal of two places.
func appendSum(b []byte, minor int64) []byte {
	if minor < 0 {
		b, minor = append(b, '-'), -minor
	}
	b = strconv.AppendInt(b, minor/100, 10)
	return append(b, '.', byte('0'+minor/10%10), byte('0'+minor%10))
}

func sum(minor int64) string { return string(appendSum(make([]byte, 0, 24), minor)) }

// balances holds the books in memory against the tasks.
func (l *ledger) balances(w *workload) error {
	for i := range l.books {
		b := &l.books[i]
		if b.current.posted != w.current[i] || b.savings.posted != w.savings[i] || b.current.posted+b.savings.posted+b.clearing.posted != 0 {
			return fmt.Errorf("book %d does not balance", i)
		}
	}
	return nil
}

// link is one entry as it is read back.
type link struct {
	prev, hash, bytes []byte
}

// follows checks that an entry is the one after the hash, and gives its own.
func (k link) follows(last [sha256.Size]byte) ([sha256.Size]byte, error) {
	hash := sha256.Sum256(k.bytes)
	if !bytes.Equal(k.prev, last[:]) || !bytes.Equal(k.hash, hash[:]) {
		return hash, errors.New("the chain is broken")
	}
	return hash, nil
}
