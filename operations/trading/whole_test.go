package trading_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/trading"
	"github.com/onbehalf/onbehalf/tenancy"
)

// A book with all that there is in one is the same from its entries, from a
// snapshot and from a file, wherever it is cut.
func TestABookOfTradesIsTheSameFromSnapshotsAndFiles(t *testing.T) {
	t.Parallel()
	p := &outside{quoter: &quoter{quote: at("5.4321")}, answer: filled("0.01", "")}
	store := memory.New()
	cfg := trading.Config{Providers: map[string]trading.Provider{"bank": p}, Slippage: dec("10")}
	more := operations.Config{
		CacheBytes: -1, // everything is loaded each time
		Limits:     []operations.Limit{{Name: "l", Asset: "USD", Day: dec("1000000"), PerOperator: true}},
		Fees:       []operations.FeeRule{{Name: "f", Tier: operations.Tier{Fixed: dec("0.01")}, Match: operations.Match{Groups: []string{"b"}}}},
		Approvals:  []operations.Approval{{Name: "a", Match: operations.Match{Kinds: []string{trading.KindTrade}, From: dec("1000")}}},
	}
	d := begin(t, store, cfg, more)
	house, err := d.eng.Gate().Own(t.Context(), ana(), "")
	require.NoError(t, err)
	for _, x := range []operations.Administrative{
		tenancy.Register{Operator: "bruno", Person: "p-bruno"},
		tenancy.Allow{Operator: "bruno", Everyone: true, Permissions: tenancy.NewPermissions(tenancy.View, tenancy.Approve)},
	} {
		_, err := d.eng.Manage(t.Context(), house, d.in(), x)
		require.NoError(t, err)
	}
	bruno, err := d.eng.Gate().Enter(t.Context(), tenancy.Principal{Tenant: "acme", Operator: "bruno", Person: "p-bruno"}, d.scope.Customer(), "")
	require.NoError(t, err)
	d.manage(customer.SetGroups{Groups: []string{"b", "a"}})
	version := int64(1)
	for i := range 40 {
		d.clock.Advance(time.Second)
		d.manage(trading.SetCustomer{Customer: trading.Customer{Providers: []string{"bank", strings.Repeat("x", i%20+1)}}, Version: version})
		version++
		q := d.limited("1", "6")
		switch i % 5 {
		case 0:
			_, err = d.execute(d.quote(q))
			require.NoError(t, err)
		case 1:
			d.quote(q)
		case 2: // found out by people
			p.answer = func(operations.Instruction) (operations.Answer, error) {
				return operations.Answer{}, errors.New("<cut> & \"off\"")
			}
			o, err := d.execute(d.quote(q))
			require.NoError(t, err)
			for n, s := range []tenancy.Scope{d.scope, bruno} {
				if n == 1 && i%2 == 0 {
					break // and one is still open
				}
				res, err := d.eng.Resolve(t.Context(), s, d.in(), o.Ref(), operations.Resolution{Settled: i%4 == 3, Evidence: fmt.Sprint("<é & ", i)})
				require.NoError(t, err)
				o = res.Operation
			}
			p.answer = filled("0.01", "")
		case 3:
			q.BaseAmount = dec("1000")
			res, err := d.eng.Submit(t.Context(), d.scope, operations.Intent{Key: fmt.Sprint("big", i), Acknowledge: []string{operations.CodeLookAlike}}, q)
			require.NoError(t, err)
			if i%2 == 0 {
				_, err = d.eng.Approve(t.Context(), bruno, d.in(), res.Operation.Ref())
				require.NoError(t, err)
			}
		case 4:
			q.NotBefore = d.clock.Now().Add(time.Hour)
			_, err := d.eng.Submit(t.Context(), d.scope, d.in(), q)
			require.NoError(t, err)
		}
	}
	d.verified()
	d.work()
	var file bytes.Buffer
	_, err = d.eng.Book(d.scope).Export(t.Context(), &file)
	require.NoError(t, err)
	kind, err := trading.New(cfg)
	require.NoError(t, err)
	more.Clock, more.Kinds, more.Providers = d.clock, []operations.Kind{kind}, map[string]operations.Provider{"bank": p}
	fresh, err := operations.New(memory.New(), more)
	require.NoError(t, err)
	done, err := fresh.Import(t.Context(), bytes.NewReader(file.Bytes()))
	require.NoError(t, err)
	require.Greater(t, done.Stored, int64(100))
	v, err := d.eng.Book(d.scope).Verify(t.Context())
	require.NoError(t, err)
	require.True(t, v.Sound(), "%+v", v.Faults)

	// The same from a cache that has never loaded anything.
	warm, err := operations.New(store, operations.Config{Clock: d.clock, Kinds: more.Kinds, Providers: more.Providers, Limits: more.Limits, Fees: more.Fees, Approvals: more.Approvals})
	require.NoError(t, err)
	scope, err := warm.Gate().Enter(t.Context(), ana(), d.scope.Customer(), "")
	require.NoError(t, err)
	for range 2 {
		a, err := d.eng.Explain(t.Context(), d.scope, d.limited("1", "6"))
		require.NoError(t, err)
		b, err := warm.Explain(t.Context(), scope, d.limited("1", "6"))
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(a, b))
		require.Empty(t, a.Unmet)
		_, err = warm.Submit(t.Context(), scope, d.in(), d.limited("2", "6"))
		require.NoError(t, err)
	}
}
