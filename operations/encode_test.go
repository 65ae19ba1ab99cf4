package operations

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/tenancy"
)

// The encoder writes, byte for byte, what encoding/json would.
func TestEntriesAreEncodedAsJSON(t *testing.T) {
	t.Parallel()
	for _, s := range golden(t) {
		e, err := s.Open()
		require.NoError(t, err)
		requireSameJSON(t, e)
	}
	rapid.Check(t, func(t *rapid.T) {
		e := drawEntry(t)
		requireSameJSON(t, &e)
	})
}

func requireSameJSON(t require.TestingT, e *Entry) {
	want, wantErr := json.Marshal(e)
	got, err := appendEntry(nil, e)
	require.Equal(t, wantErr == nil, err == nil, "%v / %v", wantErr, err)
	if err == nil {
		require.Equal(t, string(want), string(got))
	}
}

func drawEntry(t *rapid.T) Entry {
	text := rapid.OneOf(rapid.Just(""), rapid.String(), rapid.SampledFrom([]string{"a<b>&c", `q"\`, "\u2028\u2029", "é", "\x7f", "🙂"}))
	draw := func(label string) string { return text.Draw(t, label) }
	amount := func() accounts.Amount {
		scale := rapid.Int32Range(-20, 20).Draw(t, "exponent")
		return accounts.Exact(decimal.New(rapid.Int64().Draw(t, "coefficient"), scale))
	}
	instant := func() time.Time {
		if rapid.Bool().Draw(t, "zero") {
			return time.Time{}
		}
		at := time.UnixMicro(rapid.Int64Range(0, 253402300799999999).Draw(t, "at")).UTC()
		if rapid.Bool().Draw(t, "elsewhere") {
			at = at.In(time.FixedZone("", 3600))
		}
		return at
	}
	postings := func() []accounts.Posting {
		n := rapid.IntRange(-1, 3).Draw(t, "postings")
		if n < 0 {
			return nil
		}
		ps := make([]accounts.Posting, n)
		for i := range ps {
			ps[i] = accounts.Posting{Ref: accounts.Ref(draw("ref")), Asset: draw("asset"), Amount: amount()}
		}
		return ps
	}
	e := Entry{
		Format: Format, Tenant: tenancy.TenantID(draw("tenant")), Customer: "c", Seq: rapid.Int64().Draw(t, "seq"), At: instant(),
		Action: Action(draw("action")), Reason: draw("reason"), Key: draw("key"), RequestID: draw("request"), Policy: draw("policy"), Engine: draw("engine"),
		Cause: rapid.Int64().Draw(t, "cause"), Operation: OperationID(draw("operation")), Suppressed: rapid.Int64Range(0, 2).Draw(t, "suppressed"),
	}
	if rapid.Bool().Draw(t, "hashes") {
		e.Prev, e.Fingerprint, e.Snapshot = Hash{1}, Hash{2, 255}, Hash{3}
	}
	for range rapid.IntRange(0, 2).Draw(t, "actors") {
		e.Actors = append(e.Actors, tenancy.Actor{Kind: tenancy.ActorKind(draw("kind")), ID: draw("id"), Person: tenancy.PersonID(draw("person"))})
	}
	if rapid.Bool().Draw(t, "acknowledged") {
		e.Acknowledged = []string{draw("warning")}
	}
	if rapid.Bool().Draw(t, "refused") {
		e.Refused = []Unmet{{Code: draw("code"), Figures: []Figure{{Name: draw("name"), Value: draw("value")}}}}
	}
	e.Effects.Postings = postings()
	for range rapid.IntRange(0, 2).Draw(t, "operations") {
		o := Operation{
			ID: OperationID(draw("id")), Version: 1, State: State(draw("state")), CreatedAt: instant(), UpdatedAt: instant(), SendBy: instant(),
			Parent: OperationID(draw("parent")), ProviderReference: draw("reference"), Maker: tenancy.Actor{ID: draw("maker")},
			Order: Order{Kind: draw("kind"), From: accounts.ID(draw("from")), To: accounts.ID(draw("to")), Amount: amount(), Via: draw("via"), Purpose: draw("purpose"), Reference: draw("ref"), NotBefore: instant()},
			Terms: Terms{Asset: draw("asset"), Debit: amount(), Credit: amount(), Provider: draw("provider"), Postings: postings(), Expires: instant()},
		}
		if rapid.Bool().Draw(t, "more") {
			o.Order.Attributes = map[string]string{"b": draw("b"), "a": draw("a"), draw("attribute"): draw("c")}
			o.Terms.Holds = []HoldTerm{{Account: accounts.ID(draw("held")), Amount: amount()}}
			o.Outcome = &Outcome{Code: draw("code"), Text: draw("text")}
			o.Order.Parent = OperationID(draw("order parent"))
			carried := amount()
			o.Terms.Carried = &carried
			o.Terms.Fees = []FeeLine{{Fee: draw("fee"), Account: "a", Amount: amount(), Inside: rapid.Bool().Draw(t, "inside"), Rounding: accounts.Up, Whole: rapid.Bool().Draw(t, "whole")}}
			o.Previous, o.Content = rapid.Int64().Draw(t, "previous"), rapid.Int64().Draw(t, "content")
			who := []tenancy.Actor{{Kind: tenancy.OperatorActor, ID: draw("author"), Person: tenancy.PersonID(draw("author person"))}}
			o.Authors = who
			o.Approvals = []Approved{{Actors: who, At: instant(), Seq: 1, Version: 2, Content: Hash{7}}}
			o.Terms.Approval = &ApprovalTerm{Policies: []string{draw("policy")}, Persons: 2, Within: time.Hour}
			o.Terms.Exchange = &Exchange{
				Base: draw("base"), Quote: draw("quote"), Side: Buy, Fixed: draw("fixed"), BaseAmount: amount(), QuoteAmount: amount(), ProviderAmount: amount(), Slippage: amount(), Parts: rapid.Bool().Draw(t, "parts"), Agreed: amount(),
				Rate: amount(), ProviderRate: amount(), Reference: amount(), Source: draw("source"), At: instant(), Stale: rapid.Bool().Draw(t, "stale"), Spread: amount(),
				Session: draw("session"), Rounding: accounts.Down, Quoted: draw("quoted"), External: draw("external"), Passed: []Pass{{Provider: draw("passed"), Code: "no_answer"}},
				Legs: []Leg{{Base: draw("leg base"), Quote: draw("leg quote"), Rate: amount(), At: instant(), Source: draw("leg source")}},
			}
			o.Finding = &Finding{Resolution: Resolution{Settled: true, Evidence: draw("evidence"), Amount: amount(), Counter: amount()}, Actors: who, Seq: 3, At: instant()}
			o.Counted = &Counted{Day: Day(draw("day")), Amount: amount(), Counters: []string{draw("counter")}}
			if rapid.Bool().Draw(t, "others") {
				o.Counted.Others = []OtherCount{{Counter: draw("other"), Asset: draw("asset"), Amount: amount()}}
			}
		}
		e.Effects.Operations = append(e.Effects.Operations, o)
	}
	if rapid.Bool().Draw(t, "rare") {
		e.Effects.Customer = &CustomerEffect{Country: draw("country")}
		e.Effects.Releases = []ReleaseEffect{{Account: "a", Amount: amount(), Captured: true, Rest: amount()}}
		e.Effects.Holds = []HoldEffect{{Account: "a", Amount: amount()}}
		e.Effects.Counts = []CountEffect{{Counter: draw("counter"), Day: Day(draw("day")), By: amount()}}
		e.Effects.Freezes = []FreezeEffect{{Subject: draw("subject"), Frozen: rapid.Bool().Draw(t, "frozen"), Reason: draw("reason")}}
		e.Effects.Operators = []tenancy.Operator{{ID: tenancy.Switches, Version: 2, Stops: []tenancy.Stopped{{Subject: draw("stop"), Reason: draw("reason"), Seq: 2, At: instant()}}}}
		e.Effects.Customer.Groups = []string{draw("group")}
		e.Effects.Settings = []Setting{{Name: draw("setting"), Version: 1, Body: json.RawMessage(`{"a":["<b>"]}`), By: "ana", Seq: 4, At: instant()}}
		e.Effects.Closed = []IncidentID{IncidentID(draw("incident"))}
	}
	return e
}

// Text that would not read back as it was is never recorded.
func TestEntriesWithInvalidTextAreNotEncoded(t *testing.T) {
	t.Parallel()
	_, err := Seal(&Entry{Format: Format, Reason: "abc\xc3"})
	require.ErrorIs(t, err, ErrInvalid)
}

// BenchmarkEncode compares the encoder with the one it stands in for, over the
// entries of the golden journal: go test -run=- -bench=Encode ./operations .
func BenchmarkEncode(b *testing.B) {
	all := golden(b)
	entries := make([]*Entry, len(all))
	for i, s := range all {
		e, err := s.Open()
		require.NoError(b, err)
		entries[i] = e
	}
	b.Run("by hand", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			_, err := appendEntry(make([]byte, 0, 2048), entries[i%len(entries)])
			require.NoError(b, err)
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			_, err := json.Marshal(entries[i%len(entries)])
			require.NoError(b, err)
		}
	})
}
