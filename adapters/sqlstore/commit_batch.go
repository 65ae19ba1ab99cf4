package sqlstore

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// commitBatch stores the runs by one call of the database's own function, which
// is one round trip and one transaction. What the losers have to be told is
// read afterwards: entries never change.
func (m *methods) commitBatch(ctx context.Context, runs []operations.Run, order []int) ([]operations.Verdict, error) {
	id := commitRuns
	args, err := encodeRun(m.version, runs)
	switch {
	case err != nil:
		return nil, err
	case args != nil:
		id = commitRun
	default:
		if args, err = encodeRuns(m.version, runs, order); err != nil {
			return nil, err
		}
	}
	var losses []lossRow
	verdicts := make([]operations.Verdict, len(runs))
	for i := range runs {
		verdicts[i].Won = len(runs[i].Changes)
	}
	tell := func(s *session) error {
		b := batch{session: s}
		for _, l := range losses {
			if l.run < 1 || int(l.run) > len(order) {
				return damaged("run %d was never sent", l.run)
			}
			i := order[l.run-1]
			if verdicts[i], err = b.lost(&runs[i], l); err != nil {
				return err
			}
		}
		return nil
	}
	of := ofRuns(runs, order)
	err = m.via.call(ctx, of, func(s *session) error {
		losses, err = collect(s, id, func(rows *sql.Rows, l *lossRow) error {
			return rows.Scan(&l.run, &l.stored, toText(&l.loss))
		}, args...)
		if err != nil || m.own() {
			return err
		}
		return tell(s) // an error undoes what was stored, in a transaction of the host's
	})
	if err == nil && len(losses) > 0 && m.own() {
		if err = m.via.read(ctx, of, tell); err != nil {
			// The others are stored: sent again, they are found there.
			err = &commitError{err: err, after: true}
		}
	}
	if err != nil {
		return nil, err
	}
	return verdicts, nil
}

// lossRow is what the function tells of a run that was not stored whole.
type lossRow struct {
	run, stored int64 // from 1; the last seq of it that was stored
	loss        operations.Loss
}

// lost is the verdict of a run that was not stored whole by this call.
func (b *batch) lost(r *operations.Run, l lossRow) (operations.Verdict, error) {
	if l.loss == operations.KeyTaken {
		v := operations.Verdict{Won: int(l.stored - r.From.Seq), Loss: l.loss}
		if v.Won < 0 || v.Won >= len(r.Changes) {
			return v, damaged("a run of %d changes was stored up to seq %d", len(r.Changes), l.stored)
		}
		var err error
		if v.Taken, err = b.taken(r.Book, r.Changes[v.Won].Entry.Key); err == nil && v.Taken == nil {
			err = damaged("a key that is taken has no entry")
		}
		return v, err
	}
	if v, stored, err := b.alreadyStored(r); stored || err != nil {
		return v, err
	}
	if l.loss != operations.Outdated {
		return b.stale(r)
	}
	v := operations.Verdict{Loss: operations.Outdated, Operators: make([]tenancy.Operator, len(r.Relies))}
	for i, rely := range r.Relies {
		var err error
		if v.Operators[i], err = b.operator(operatorID{r.Book.Tenant, rely.Operator}); err != nil {
			return v, err
		}
	}
	return v, nil
}

// never is the end of a row that no later change of its run replaces.
const never = math.MaxInt64

// runArrays are the rows of a batch by columns, as the function takes them.
type runArrays struct {
	tenant, customer  []string
	from, to          []int64
	fromHash, toHash  [][]byte
	reliesRun, relies []int64 // the version
	queue             bool    // an operation waits, or may have waited
	again             bool    // an operation was there before
	reliesOn          []string
	entries           entryArrays
	operations        operationArrays
	postings          postingArrays
	balances          balanceArrays
	announceRun       []int64
	announceSeq       []int64
	announceAt        []int64
	rareRun, rareSeq  []int64
	rareWhat, rareRow []string
	rareBytes         [][]byte
	laterOperations   map[operations.OperationID]int64
	laterBalances     map[balanceID]int64
	run               int64
}

type entryArrays struct {
	run, seq, at            []int64
	prev, hash, fingerprint [][]byte
	action, operation, key  []string
	bytes                   []byte  // of all entries, one after the other
	begins                  []int64 // where each begins, from 1
}

type operationArrays struct {
	run, end, created, updated, version, createdAt  []int64
	id, state, kind, asset, from, to, amount, maker []string
	due                                             []*int64
}

type postingArrays struct {
	run, seq, n, at                        []int64
	operation, ref, asset, amount, balance []string
}

type balanceArrays struct {
	run, end, seq                   []int64
	ref, asset, posted, held, limit []string
}

// encodeRuns gives the arguments of the function, the runs in the order given.
func encodeRuns(version int64, runs []operations.Run, order []int) ([]any, error) {
	var a runArrays
	a.entries.bytes = make([]byte, 0, entryBytes(runs))
	for n, i := range order {
		a.run = int64(n) + 1
		if err := a.add(&runs[i]); err != nil {
			return nil, fmt.Errorf("book %s: %w", runs[i].Book, err)
		}
	}
	books, tenants, _ := ofRuns(runs, order).settings()
	d := distinct(runs)
	e, o, p, b := &a.entries, &a.operations, &a.postings, &a.balances
	return []any{
		version, books, tenants,
		a.tenant, a.customer, a.from, a.fromHash, a.to, a.toHash,
		d.tenant, d.operator, d.version,
		a.reliesRun, a.reliesOn, a.relies,
		e.run, e.seq, e.prev, e.hash, e.at, e.action, e.operation, e.key, e.fingerprint,
		e.bytes, append(e.begins, int64(len(e.bytes))+1),
		a.queue, a.again,
		o.run, o.end, o.id, o.created, o.updated, o.version, o.state, o.kind, o.asset, o.from, o.to, o.amount, o.maker, o.createdAt, o.due,
		p.run, p.seq, p.n, p.at, p.operation, p.ref, p.asset, p.amount, p.balance,
		b.run, b.end, b.ref, b.asset, b.posted, b.held, b.limit, b.seq,
		a.announceRun, a.announceSeq, a.announceAt,
		a.rareRun, a.rareSeq, a.rareWhat, a.rareRow, a.rareBytes,
	}, nil
}

// entryBytes is how many bytes the entries of the runs have.
func entryBytes(runs []operations.Run) (n int) {
	for i := range runs {
		for j := range runs[i].Changes {
			n += len(runs[i].Changes[j].Entry.Bytes)
		}
	}
	return n
}

// distinctArrays are the operators that a batch relies on, in their order. One
// that runs rely on in two versions stands twice.
type distinctArrays struct {
	tenant, operator []string
	version          []int64
}

func distinct(runs []operations.Run) (d distinctArrays) {
	type relied struct {
		id      operatorID
		version int64
	}
	var all []relied
	for i := range runs {
		for _, r := range runs[i].Relies {
			if one := (relied{operatorID{runs[i].Book.Tenant, r.Operator}, r.Version}); !slices.Contains(all, one) {
				all = append(all, one)
			}
		}
	}
	slices.SortFunc(all, func(a, b relied) int { return compareOperators(a.id, b.id) })
	for _, one := range all {
		d.tenant, d.operator = append(d.tenant, string(one.id.tenant)), append(d.operator, string(one.id.operator))
		d.version = append(d.version, one.version)
	}
	return d
}

func (a *runArrays) add(r *operations.Run) error {
	last := &r.Changes[len(r.Changes)-1].Entry
	a.tenant, a.customer = append(a.tenant, string(r.Book.Tenant)), append(a.customer, string(r.Book.Customer))
	a.from, a.fromHash = append(a.from, r.From.Seq), append(a.fromHash, r.From.Hash[:])
	a.to, a.toHash = append(a.to, last.Seq), append(a.toHash, last.Hash[:])
	for _, rely := range r.Relies {
		a.reliesRun, a.reliesOn, a.relies = append(a.reliesRun, a.run), append(a.reliesOn, string(rely.Operator)), append(a.relies, rely.Version)
	}
	announced := false
	for i := range r.Changes {
		c := &r.Changes[i]
		a.entry(&c.Entry)
		if c.Announce && !announced {
			announced = true
			a.announceRun, a.announceSeq = append(a.announceRun, a.run), append(a.announceSeq, c.Entry.Seq)
			a.announceAt = append(a.announceAt, c.Entry.At.UnixMicro())
		}
		for j := range c.Postings {
			if err := a.posting(&c.Postings[j]); err != nil {
				return fmt.Errorf("entry %d: posting %d: %w", c.Entry.Seq, j, err)
			}
		}
		if err := a.rare(c); err != nil {
			return fmt.Errorf("entry %d: %w", c.Entry.Seq, err)
		}
	}
	return a.folded(r.Changes)
}

// folded adds operations and balances with the seq of the change that replaces
// them, so that whatever prefix of the run is stored, each stands once.
func (a *runArrays) folded(changes []operations.Change) error {
	several := len(changes) > 1
	if several {
		if a.laterOperations == nil {
			a.laterOperations, a.laterBalances = make(map[operations.OperationID]int64), make(map[balanceID]int64)
		}
		clear(a.laterOperations)
		clear(a.laterBalances)
	}
	for i := len(changes) - 1; i >= 0; i-- {
		c := &changes[i]
		for j := len(c.Operations) - 1; j >= 0; j-- {
			row, end := &c.Operations[j], int64(never)
			if several {
				if later, ok := a.laterOperations[row.ID]; ok {
					end = later
				}
				a.laterOperations[row.ID] = c.Entry.Seq
			}
			a.again = a.again || row.Created != c.Entry.Seq
			if err := a.operation(row, end); err != nil {
				return fmt.Errorf("operation %q: %w", row.ID, err)
			}
		}
		for j := len(c.Balances) - 1; j >= 0; j-- {
			row, end := &c.Balances[j], int64(never)
			if several {
				id := balanceID{row.Ref, row.Asset}
				if later, ok := a.laterBalances[id]; ok {
					end = later
				}
				a.laterBalances[id] = c.Entry.Seq
			}
			if err := a.balance(row, end); err != nil {
				return fmt.Errorf("balance %q: %w", row.Ref, err)
			}
		}
	}
	return nil
}

func (a *runArrays) entry(e *operations.Sealed) {
	x := &a.entries
	x.run, x.seq, x.at = append(x.run, a.run), append(x.seq, e.Seq), append(x.at, e.At.UnixMicro())
	x.prev, x.hash = append(x.prev, e.Prev[:]), append(x.hash, e.Hash[:])
	x.fingerprint = append(x.fingerprint, e.Fingerprint[:])
	x.begins, x.bytes = append(x.begins, int64(len(x.bytes))+1), append(x.bytes, e.Bytes...)
	x.action, x.operation, x.key = append(x.action, string(e.Action)), append(x.operation, string(e.Operation)), append(x.key, e.Key)
}

func (a *runArrays) operation(o *operations.OperationRow, end int64) error {
	amount, err := amountText("amount", o.Amount)
	if err != nil {
		return err
	}
	x := &a.operations
	x.run, x.end, x.id = append(x.run, a.run), append(x.end, end), append(x.id, string(o.ID))
	x.created, x.updated, x.version = append(x.created, o.Created), append(x.updated, o.Updated), append(x.version, o.Version)
	x.state, x.kind, x.asset = append(x.state, string(o.State)), append(x.kind, o.Kind), append(x.asset, o.Asset)
	x.from, x.to, x.amount = append(x.from, string(o.From)), append(x.to, string(o.To)), append(x.amount, amount)
	x.maker, x.createdAt = append(x.maker, string(o.Maker)), append(x.createdAt, o.CreatedAt.UnixMicro())
	x.due = append(x.due, microsOrNil(o.Due))
	a.queue = a.queue || !o.Due.IsZero() || o.Created != o.Updated
	return nil
}

func microsOrNil(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	return new(t.UnixMicro())
}

func (a *runArrays) posting(p *operations.PostingRow) error {
	amount, err := amountText("amount", p.Amount)
	if err != nil {
		return err
	}
	balance, err := amountText("balance", p.Balance)
	if err != nil {
		return err
	}
	x := &a.postings
	x.run, x.seq, x.n, x.at = append(x.run, a.run), append(x.seq, p.Seq), append(x.n, int64(p.N)), append(x.at, p.At.UnixMicro())
	x.operation, x.ref, x.asset = append(x.operation, string(p.Operation)), append(x.ref, string(p.Ref)), append(x.asset, p.Asset)
	x.amount, x.balance = append(x.amount, amount), append(x.balance, balance)
	return nil
}

func (a *runArrays) balance(b *operations.BalanceRow, end int64) error {
	posted, err := amountText("posted", b.Posted)
	if err != nil {
		return err
	}
	held, err := amountText("held", b.Held)
	if err != nil {
		return err
	}
	limit, err := amountText("limit", b.DebtLimit)
	if err != nil {
		return err
	}
	x := &a.balances
	x.run, x.end, x.seq = append(x.run, a.run), append(x.end, end), append(x.seq, b.Seq)
	x.ref, x.asset = append(x.ref, string(b.Ref)), append(x.asset, b.Asset)
	x.posted, x.held, x.limit = append(x.posted, posted), append(x.held, held), append(x.limit, limit)
	return nil
}

// rare adds what few changes bring, in the order of the fields.
func (a *runArrays) rare(c *operations.Change) error {
	seq := c.Entry.Seq
	if c.Customer != nil {
		if err := a.put(seq, "customer", customerObjectOf(c.Customer), nil); err != nil {
			return err
		}
	}
	for i := range c.Grants {
		g := &c.Grants[i]
		document, err := json.Marshal(g.Grant)
		if err != nil {
			return fmt.Errorf("grant %q: %w", g.Grant.ID, err)
		}
		err = a.put(seq, "grant", grantObject{
			string(g.Grant.ID), string(g.Grant.Operator), flag(g.Lists()), microsOrNil(g.Grant.Expires), flag(g.Revoked), string(document),
		}, nil)
		if err != nil {
			return err
		}
	}
	for i := range c.Operators {
		o := &c.Operators[i]
		document, err := json.Marshal(o)
		if err != nil {
			return fmt.Errorf("operator %q: %w", o.ID, err)
		}
		if err := a.put(seq, "operator", operatorObject{string(o.ID), o.Version, string(document)}, nil); err != nil {
			return err
		}
	}
	for i := range c.Personal {
		p := &c.Personal[i]
		o := personalObject{Subject: p.Subject, Digest: hex.EncodeToString(p.Digest[:])}
		if p.Salt != nil {
			o.Salt = new(hex.EncodeToString(p.Salt))
		}
		if err := a.put(seq, "personal", o, p.Value); err != nil {
			return err
		}
	}
	for _, subject := range c.Erase {
		if err := a.put(seq, "erase", personalObject{Subject: subject}, nil); err != nil {
			return err
		}
	}
	if s := c.Snapshot; s != nil {
		return a.put(seq, "snapshot", snapshotObject{s.Seq, hex.EncodeToString(s.Hash[:])}, s.Bytes)
	}
	return nil
}

func (a *runArrays) put(seq int64, what string, object any, bytes []byte) error {
	row, err := json.Marshal(object)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	a.rareRun, a.rareSeq, a.rareWhat = append(a.rareRun, a.run), append(a.rareSeq, seq), append(a.rareWhat, what)
	a.rareRow, a.rareBytes = append(a.rareRow, string(row)), append(a.rareBytes, bytes)
	return nil
}

// The objects in which the function takes rows that few changes bring.
type (
	customerObject struct {
		Type      string  `json:"type"`
		Status    string  `json:"status"`
		Country   string  `json:"country"`
		Name      *string `json:"name"`
		TaxID     *string `json:"tax_id"`
		OpenedAt  int64   `json:"opened_at"`
		OpenedBy  string  `json:"opened_by"`
		UpdatedAt int64   `json:"updated_at"`
		UpdatedBy string  `json:"updated_by"`
	}
	grantObject struct {
		ID       string `json:"id"`
		Operator string `json:"operator"`
		Lists    int64  `json:"lists"`
		Expires  *int64 `json:"expires"`
		Revoked  int64  `json:"revoked"`
		Document string `json:"document"`
	}
	operatorObject struct {
		ID       string `json:"id"`
		Version  int64  `json:"version"`
		Document string `json:"document"`
	}
	personalObject struct {
		Subject string  `json:"subject"`
		Digest  string  `json:"digest,omitempty"`
		Salt    *string `json:"salt,omitempty"`
	}
	snapshotObject struct {
		Seq  int64  `json:"seq"`
		Hash string `json:"hash"`
	}
)

func customerObjectOf(c *operations.CustomerRow) customerObject {
	return customerObject{
		string(c.Type), string(c.Status), c.Country, c.Name, c.TaxID,
		c.OpenedAt.UnixMicro(), string(c.OpenedBy), c.UpdatedAt.UnixMicro(), string(c.UpdatedBy),
	}
}
