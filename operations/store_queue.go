package operations

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/onbehalf/onbehalf/tenancy"
)

// Topic is what a ticket is for.
type Topic string

// The topics.
const (
	TopicWork   Topic = "work"   // an operation whose time comes
	TopicOutbox Topic = "outbox" // a book with entries to deliver
)

// Topics lists the topics.
func Topics() []Topic { return []Topic{TopicWork, TopicOutbox} }

// Ticket is one thing that waits in the queue. An operation has a ticket exactly
// while its row has a Due; a book has one for its outbox while there are entries
// after Seq to deliver.
//
// Commit keeps the tickets, in the same transaction as everything else. An
// operation's row with a Due must make its ticket anew: Ready at Due, no tries,
// held by nobody, also where there was one that is held or parked. A row without
// Due must remove it. A change to Announce must make the ticket of the book's
// outbox, with Seq just before the entry and Ready and Due at its time; where
// there is one, it must stay as it is.
type Ticket struct {
	TicketPlace

	Tenant tenancy.TenantID
	Due    time.Time // work: the row's; outbox: time of the entry that made the ticket
	State  State     // work: the row's
	Seq    int64     // work: the row's Updated; outbox: the last entry delivered
	Tries  int       // how often it was claimed since it last got on
	Holder string    // whose claim it is in; empty: nobody's
	Ready  time.Time // when it may be claimed; zero: parked, until it is requeued or the operation changes
}

// TicketPlace names a ticket of a tenant, and is a place in the list of those
// parked; the zero value is its beginning.
type TicketPlace struct {
	Customer  tenancy.CustomerID
	Topic     Topic
	Operation OperationID // empty for the outbox
}

// Compare orders by customer, topic, operation, bytewise.
func (p TicketPlace) Compare(q TicketPlace) int {
	return cmp.Or(strings.Compare(string(p.Customer), string(q.Customer)), strings.Compare(string(p.Topic), string(q.Topic)),
		strings.Compare(string(p.Operation), string(q.Operation)))
}

// Book is the book of the ticket.
func (t *Ticket) Book() BookID { return BookID{Tenant: t.Tenant, Customer: t.Customer} }

// ClaimQuery says what to claim, and for whom.
type ClaimQuery struct {
	Topic  Topic
	Holder string    // a name that no other claim has
	Now    time.Time // what is ready by then
	Until  time.Time // when others may claim it again; after Now
	Limit  int
	After  tenancy.TenantID // the tenant that had its turn last; empty: begin with the first
}

// Settlement is what became of a claimed ticket.
type Settlement struct {
	// Delivered is the last entry of an outbox that is delivered. 0: no more than
	// when the ticket was claimed; always so for work.
	Delivered int64
	// Ready is when the ticket may be claimed again. Zero: it is parked.
	Ready time.Time
	// Tries is what is counted from here on.
	Tries int
}

// Queue hands out what waits for its time, each ticket to one worker at a time.
type Queue interface {
	// Claim hands out tickets whose Ready is not after q.Now, at most q.Limit, in
	// one transaction, as they are then: held by q.Holder, Ready at q.Until, with
	// one try more. Two claims at once must never hand out the same ticket, and
	// what is parked must not be handed out. A limit below 1 hands out nothing.
	//
	// Tenants take turns, in the order of their ids and beginning after q.After:
	// each that has something ready must get one ticket before any gets a second,
	// and so on, and tickets come in the order of these turns. Within a tenant
	// they come by Ready, then place.
	Claim(ctx context.Context, q ClaimQuery) ([]Ticket, error)

	// Settle records what became of a ticket and ends the claim. It must change
	// nothing when the ticket is not held by t.Holder any more: a commit has made
	// it anew or removed it, or others have claimed it.
	//
	// With Delivered it takes the book's head, as a commit does: when the head is
	// no further, the ticket must be removed; otherwise it stays with Seq at
	// Delivered. So no entry is left without a ticket.
	Settle(ctx context.Context, t Ticket, s Settlement) error

	// Parked lists the parked tickets of a tenant by place, after the given one.
	// A page shorter than its limit is the last.
	Parked(ctx context.Context, tenant tenancy.TenantID, after TicketPlace, limit int) ([]Ticket, error)

	// Requeue makes a parked ticket ready at the given time, with no tries, and
	// tells whether there was one.
	Requeue(ctx context.Context, tenant tenancy.TenantID, place TicketPlace, ready time.Time) (bool, error)
}
