package memory

import (
	"slices"
	"time"

	"github.com/onbehalf/onbehalf/operations"
)

// slack is how many outdated slots a line may carry before it is swept.
const slack = 1024

// line is a heap of slots, the first to be ready at its top. A slot is pushed
// when a ticket becomes claimable and dropped later, when it is found that the
// ticket is not ready at that time any more: commits stay cheap.
type line struct {
	heap []slot
	live int // tickets there are
}

// slot is a ticket as it became claimable at a time.
type slot struct {
	ready time.Time
	book  *book
	place operations.TicketPlace
}

// holds tells whether the ticket is still ready at this time.
func (s *slot) holds() bool {
	t := s.book.ticket(s.place)
	return t != nil && !t.ready.IsZero() && t.ready.Equal(s.ready)
}

func (s *slot) before(other *slot) bool {
	if c := s.ready.Compare(other.ready); c != 0 {
		return c < 0
	}
	return s.place.Compare(other.place) < 0
}

// move makes the ticket ready at another time; zero parks it.
func (l *line) move(b *book, place operations.TicketPlace, t *ticket, ready time.Time) {
	stays := t.ready.Equal(ready)
	if t.ready = ready; !stays && !ready.IsZero() {
		l.push(slot{ready: ready, book: b, place: place})
	}
}

func (l *line) push(s slot) {
	if len(l.heap) > 2*l.live+slack {
		l.sweep()
	}
	l.heap = append(l.heap, s)
	l.up(len(l.heap) - 1)
}

// pop takes the first slot whose ticket is ready by now.
func (l *line) pop(now time.Time) (slot, bool) {
	for len(l.heap) > 0 && !l.heap[0].ready.After(now) {
		top := l.heap[0]
		last := len(l.heap) - 1
		l.heap[0] = l.heap[last]
		l.heap[last] = slot{}
		l.heap = l.heap[:last]
		l.down(0)
		if top.holds() {
			return top, true
		}
	}
	return slot{}, false
}

// sweep drops what does not hold any more.
func (l *line) sweep() {
	l.heap = slices.DeleteFunc(l.heap, func(s slot) bool { return !s.holds() })
	for i := len(l.heap)/2 - 1; i >= 0; i-- {
		l.down(i)
	}
}

func (l *line) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !l.heap[i].before(&l.heap[parent]) {
			return
		}
		l.heap[i], l.heap[parent] = l.heap[parent], l.heap[i]
		i = parent
	}
}

func (l *line) down(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(l.heap); child++ {
			if l.heap[child].before(&l.heap[least]) {
				least = child
			}
		}
		if least == i {
			return
		}
		l.heap[i], l.heap[least] = l.heap[least], l.heap[i]
		i = least
	}
}
