package sqlstore

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/onbehalf/onbehalf/operations"
)

// never is the end of a row that no later change of its run replaces.
const never = math.MaxInt64

// rowArrays are the rows of a batch as the function takes them.
type rowArrays struct {
	tenant, customer, from, to     array // of the runs
	hashes                         []byte
	reliesRun, reliesOn, relies    array // the version
	keys                           int64 // how many entries have one
	queue                          bool  // an operation waits, or may have waited
	again                          bool  // an operation was there before
	entries                        entryArrays
	operations, postings, balances rowArray
	announced                      struct{ run, seq, at array }
	rares                          struct{ run, seq, what, row, bytes array }
	laterOperations                map[operations.OperationID]int64
	laterBalances                  map[balanceID]int64
	run                            int64
}

// rowArray is rows of one table: the run of each, its numbers and its texts.
type rowArray struct{ run, numbers, texts array }

type entryArrays struct {
	rowArray

	hashes, bytes []byte // of all entries, one after the other
}

// encodeRuns gives the arguments of the function, the runs in the order given.
func encodeRuns(version int64, runs []operations.Run, order []int) ([]any, error) {
	var a rowArrays
	a.grow(runs)
	for n, i := range order {
		a.run = int64(n) + 1
		if err := a.add(&runs[i]); err != nil {
			return nil, fmt.Errorf("book %s: %w", runs[i].Book, err)
		}
	}
	books, tenants, _ := ofRuns(runs, order).settings()
	tenant, operator, relied := distinct(runs)
	e, o, p, b, x := &a.entries, &a.operations, &a.postings, &a.balances, &a.rares
	return []any{
		version, books, tenants,
		a.tenant.String(), a.customer.String(), a.from.String(), a.to.String(), a.hashes,
		tenant, operator, relied,
		a.reliesRun.String(), a.reliesOn.String(), a.relies.String(),
		a.keys, e.run.String(), e.numbers.String(), e.texts.String(), e.hashes, e.bytes,
		a.queue, a.again, o.run.String(), o.numbers.String(), o.texts.String(),
		p.run.String(), p.numbers.String(), p.texts.String(),
		b.run.String(), b.numbers.String(), b.texts.String(),
		a.announced.run.String(), a.announced.seq.String(), a.announced.at.String(),
		x.run.String(), x.seq.String(), x.what.String(), x.row.String(), x.bytes.String(),
	}, nil
}

// grow makes room for what most rows take, so that little is copied meanwhile.
func (a *rowArrays) grow(runs []operations.Run) {
	const id, amount, number = 40, 16, 18 // an id, an amount, a time with what stands around it
	entries, bytes, ops, postings, balances := 0, 0, 0, 0, 0
	for i := range runs {
		for j := range runs[i].Changes {
			c := &runs[i].Changes[j]
			entries++
			bytes += len(c.Entry.Bytes)
			ops += len(c.Operations)
			postings += len(c.Postings)
			balances += len(c.Balances)
		}
	}
	a.tenant.grow(len(runs) * id / 2)
	a.customer.grow(len(runs) * id)
	a.hashes = make([]byte, 0, len(runs)*2*len(operations.Hash{}))
	a.entries.hashes, a.entries.bytes = make([]byte, 0, entries*3*len(operations.Hash{})), make([]byte, 0, bytes)
	a.entries.numbers.grow(entries * 2 * number)
	a.entries.texts.grow(entries * 3 * id)
	a.operations.numbers.grow(ops * 4 * number)
	a.operations.texts.grow(ops * (3*id + 4*amount))
	a.postings.numbers.grow(postings * 2 * number)
	a.postings.texts.grow(postings * (2*id + 3*amount))
	a.balances.numbers.grow(balances * 2 * number)
	a.balances.texts.grow(balances * (id + 4*amount))
}

// distinct are the operators that a batch relies on, in their order. One
// that runs rely on in two versions stands twice.
func distinct(runs []operations.Run) (tenants, operators, versions string) {
	var tenant, operator, version array
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
		tenant.strings(string(one.id.tenant))
		operator.strings(string(one.id.operator))
		version.ints(one.version)
	}
	return tenant.String(), operator.String(), version.String()
}

func (a *rowArrays) add(r *operations.Run) error {
	last := &r.Changes[len(r.Changes)-1].Entry
	a.tenant.strings(string(r.Book.Tenant))
	a.customer.strings(string(r.Book.Customer))
	a.from.ints(r.From.Seq)
	a.to.ints(last.Seq)
	a.hashes = append(append(a.hashes, r.From.Hash[:]...), last.Hash[:]...)
	for _, rely := range r.Relies {
		a.reliesRun.ints(a.run)
		a.reliesOn.strings(string(rely.Operator))
		a.relies.ints(rely.Version)
	}
	announced := false
	for i := range r.Changes {
		c := &r.Changes[i]
		a.entry(&c.Entry)
		if c.Announce && !announced {
			announced = true
			a.announced.run.ints(a.run)
			a.announced.seq.ints(c.Entry.Seq)
			a.announced.at.ints(c.Entry.At.UnixMicro())
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
func (a *rowArrays) folded(changes []operations.Change) error {
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

func (a *rowArrays) entry(e *operations.Sealed) {
	x := &a.entries
	x.run.ints(a.run)
	x.numbers.row()
	x.numbers.ints(e.Seq, e.At.UnixMicro(), int64(len(x.bytes))+1, int64(len(e.Bytes)))
	x.numbers.end()
	x.texts.row()
	x.texts.strings(string(e.Action), string(e.Operation), e.Key)
	x.texts.end()
	x.hashes = append(append(append(x.hashes, e.Prev[:]...), e.Hash[:]...), e.Fingerprint[:]...)
	x.bytes = append(x.bytes, e.Bytes...)
	if e.Key != "" {
		a.keys++
	}
}

func (a *rowArrays) operation(o *operations.OperationRow, end int64) error {
	amount, err := amountText("amount", o.Amount)
	if err != nil {
		return err
	}
	x := &a.operations
	x.run.ints(a.run)
	x.numbers.row()
	x.numbers.ints(end, o.Created, o.Updated, o.Version, o.CreatedAt.UnixMicro())
	if o.Due.IsZero() {
		x.numbers.null()
	} else {
		x.numbers.ints(o.Due.UnixMicro())
	}
	x.numbers.end()
	x.texts.row()
	x.texts.strings(string(o.ID), string(o.State), o.Kind, o.Asset, string(o.From), string(o.To), amount, string(o.Maker))
	x.texts.end()
	a.queue = a.queue || !o.Due.IsZero() || o.Created != o.Updated
	return nil
}

func microsOrNil(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	return new(t.UnixMicro())
}

func (a *rowArrays) posting(p *operations.PostingRow) error {
	amount, balance, err := postingTexts(p)
	if err != nil {
		return err
	}
	x := &a.postings
	x.run.ints(a.run)
	x.numbers.row()
	x.numbers.ints(p.Seq, int64(p.N), p.At.UnixMicro())
	x.numbers.end()
	x.texts.row()
	x.texts.strings(string(p.Operation), string(p.Ref), p.Asset, amount, balance)
	x.texts.end()
	return nil
}

func (a *rowArrays) balance(b *operations.BalanceRow, end int64) error {
	x := &a.balances
	x.run.ints(a.run)
	x.numbers.row()
	x.numbers.ints(end, b.Seq)
	x.numbers.end()
	return x.texts.balance(b)
}

// balance adds a row of what a balance is and has.
func (a *array) balance(b *operations.BalanceRow) error {
	posted, held, limit, err := balanceTexts(b)
	if err != nil {
		return err
	}
	a.row()
	a.strings(string(b.Ref), b.Asset, posted, held, limit)
	a.end()
	return nil
}
