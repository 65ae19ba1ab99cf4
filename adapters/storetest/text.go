package storetest

import (
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Rows are compared as text, one line each: equal amounts and equal instants
// have one text, whatever they look like inside.

func when(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	text := t.Format("2006-01-02T15:04:05.000000000")
	if t.Location().String() != time.UTC.String() {
		text += " not in UTC but in " + t.Location().String()
	}
	return text
}

func amount(d decimal.Decimal) string { return accounts.Canonical(d) }

func headText(h operations.Head) string { return fmt.Sprintf("%d %s", h.Seq, h.Hash) }

// lines gives one line for each item.
func lines[T any](items []T, line func(T) string) string {
	texts := make([]string, len(items))
	for i := range items {
		texts[i] = line(items[i])
	}
	return strings.Join(texts, "\n")
}

func sealedLine(s operations.Sealed) string {
	return fmt.Sprintf("entry %d prev %s hash %s at %s action %q operation %q key %q fingerprint %s bytes %x",
		s.Seq, s.Prev, s.Hash, when(s.At), s.Action, s.Operation, s.Key, s.Fingerprint, s.Bytes)
}

func sealedText(s []operations.Sealed) string { return lines(s, sealedLine) }

func operationLine(r operations.OperationRow) string {
	return fmt.Sprintf("operation %q created %d updated %d version %d state %q kind %q asset %q from %q to %q amount %s maker %q at %s due %s",
		r.ID, r.Created, r.Updated, r.Version, r.State, r.Kind, r.Asset, r.From, r.To, amount(r.Amount), r.Maker, when(r.CreatedAt), when(r.Due))
}

func storedLine(s operations.StoredOperation) string {
	return operationLine(s.Row) + " in " + sealedLine(s.Entry)
}

func postingLine(r operations.PostingRow) string {
	return fmt.Sprintf("posting %d.%d at %s operation %q ref %q asset %q amount %s balance %s",
		r.Seq, r.N, when(r.At), r.Operation, r.Ref, r.Asset, amount(r.Amount), amount(r.Balance))
}

func balanceLine(r operations.BalanceRow) string {
	return fmt.Sprintf("balance %q asset %q posted %s held %s limit %s seq %d",
		r.Ref, r.Asset, amount(r.Posted), amount(r.Held), amount(r.DebtLimit), r.Seq)
}

func grantLine(r operations.GrantRow) string {
	return fmt.Sprintf("grant %s revoked %t", grantText(r.Grant), r.Revoked)
}

func grantText(g tenancy.Grant) string {
	return fmt.Sprintf("%q operator %q everyone %t permissions %s expires %s",
		g.ID, g.Operator, g.Everyone, g.Permissions, when(g.Expires))
}

func operatorLine(o tenancy.Operator) string {
	return fmt.Sprintf("operator %q person %q status %q version %d grants [%s] stops [%s]", o.ID, o.Person, o.Status, o.Version,
		strings.ReplaceAll(lines(o.Grants, grantText), "\n", "; "), strings.ReplaceAll(lines(o.Stops, stopText), "\n", "; "))
}

func stopText(s tenancy.Stopped) string {
	return fmt.Sprintf("%q for %q by entry %d at %s", s.Subject, s.Reason, s.Seq, when(s.At))
}

func personalLine(r operations.PersonalRow) string {
	return fmt.Sprintf("personal %q digest %s salt %x value %x", r.Subject, r.Digest, r.Salt, r.Value)
}

// textOf tells no text from an empty one: both say that there is nothing to show.
func textOf(s *string) string {
	if s == nil {
		return `""`
	}
	return fmt.Sprintf("%q", *s)
}

func customerText(r *operations.CustomerRow) string {
	if r == nil {
		return "no customer"
	}
	return fmt.Sprintf("customer type %q status %q country %q name %s tax id %s opened %s by %q updated %s by %q",
		r.Type, r.Status, r.Country, textOf(r.Name), textOf(r.TaxID), when(r.OpenedAt), r.OpenedBy, when(r.UpdatedAt), r.UpdatedBy)
}

func itemLine(c operations.CustomerItem) string {
	return fmt.Sprintf("%q %s", c.ID, customerText(&c.Row))
}

func snapshotText(s *operations.Snapshot) string {
	if s == nil {
		return "no snapshot"
	}
	return fmt.Sprintf("snapshot %d %s %x", s.Seq, s.Hash, s.Bytes)
}

func ticketLine(t operations.Ticket) string {
	return fmt.Sprintf("%s %s/%s/%s %q due %s seq %d tries %d ready %s", t.Topic, t.Tenant, t.Customer, t.Operation, t.State, when(t.Due), t.Seq, t.Tries, when(t.Ready))
}

func waitingLine(r operations.WaitingRow) string {
	return fmt.Sprintf("waiting %q %q due %s seq %d", r.Operation, r.State, when(r.Due), r.Seq)
}

func positionLine(r operations.PositionRow) string {
	return fmt.Sprintf("position %q asset %q amount %s of %d books", r.Ref, r.Asset, amount(r.Amount), r.Books)
}

func bookPositionLine(p operations.BookPosition) string {
	return fmt.Sprintf("book %q named %s has %s", p.Customer, textOf(p.Name), amount(p.Amount))
}

func bookHeadLine(h operations.BookHead) string {
	return fmt.Sprintf("%q %s", h.Customer, headText(h.Head))
}

func loadedText(l operations.Loaded) string {
	return headText(l.Head) + "\n" + snapshotText(l.Snapshot) + "\n" + sealedText(l.Tail)
}

func foundText(f operations.Found) string {
	parts := []string{headText(f.Head), "no key", "no operation", "no operator"}
	if f.Key != nil {
		parts[1] = sealedLine(*f.Key)
	}
	if f.Operation != nil {
		parts[2] = storedLine(*f.Operation)
	}
	if f.Operator != nil {
		parts[3] = operatorLine(*f.Operator)
	}
	return strings.Join(parts, "\n")
}

func verdictText(v operations.Verdict) string {
	taken := "nothing taken"
	if v.Taken != nil {
		taken = sealedLine(*v.Taken)
	}
	return fmt.Sprintf("won %d loss %q\n%s\n%s\n%s", v.Won, v.Loss, sealedText(v.Tail), taken, lines(v.Operators, operatorLine))
}

func projectionText(p operations.Projection) string {
	return strings.Join([]string{
		"head " + headText(p.Head),
		lines(p.Operations, operationLine), lines(p.Postings, postingLine), lines(p.Balances, balanceLine),
		lines(p.Keys, func(k operations.KeyRow) string { return fmt.Sprintf("key %q %d", k.Key, k.Seq) }),
		customerText(p.Customer), lines(p.Grants, grantLine), lines(p.Operators, operatorLine),
		lines(p.Personal, personalLine), snapshotText(p.Snapshot), lines(p.Waiting, waitingLine),
	}, "\n")
}
