package main

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/operations"
)

// What the demo of the rules prints is kept; ONBEHALF_GOLDEN=write writes it anew.
const goldenRules = "testdata/rules.txt"

func TestTheDemoOfTheRulesIsTheSameOnEveryStore(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]func(*testing.T) []string{
		"sqlite": func(*testing.T) []string { return nil },
		"postgres": func(t *testing.T) []string {
			t.Helper()
			return []string{"--store", "postgres", "--dsn", shared.Database(t, "")}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, errs bytes.Buffer
			require.Equal(t, exitOK, run(t.Context(), append(at(t), "demo", "--rules"), &out, &errs), errs.String())
			require.Empty(t, errs.String())
			if os.Getenv("ONBEHALF_GOLDEN") == "write" {
				require.NoError(t, os.WriteFile(goldenRules, out.Bytes(), 0o600))
			}
			want, err := os.ReadFile(goldenRules)
			require.NoError(t, err)
			require.Equal(t, string(want), out.String())
		})
	}
}

func TestTheDemoOfTheRulesShowsEachOfThem(t *testing.T) {
	t.Parallel()
	rules, err := os.ReadFile(goldenRules)
	require.NoError(t, err)
	rest := string(rules)
	for _, next := range []string{
		"━━ A fee", "total debit", "1005.00 BRL", "fee withdrawal", "5.00 BRL on top", "5.00 BRL on income:fees", "completed, version 1",
		"━━ A limit", "refused", "limit_day", "limit 10000", "used 1000", "asked 9500", "left 9000", "9000.00 BRL", "99000.00 BRL",
		"━━ Approval", "awaiting_approval, version 1", "0 of 2", "own_operation",
		"━━ The work list", "for Bruno Costa", "own_operation", "for Carla Nunes", "yes",
		"━━ Modify while it waits", "1 of 2, by Carla Nunes", "2512.50 BRL on Main", "awaiting_approval, version 3", "0 of 2", "3015.00 BRL on Main",
		"━━ Approved by two others", "1 of 2", "completed, version 5", "Davi Lopes", "Carla Nunes", "Bruno Costa",
		"━━ The same thing twice", "look_alike_waiting", "--acknowledge look_alike_waiting", "rejected, version 2", "one delivery, one invoice",
		"━━ A partial refund", "refund of 400.00 BRL", "completed", "of operation", "refund_exceeds", "parent 1000", "left 600",
		"━━ A freeze", "court order 12/26", "account_frozen", "It would be accepted.",
		"━━ A stop", "kind:withdrawal", "stopped", "the bank is investigating", "It would be accepted.", "Lifted", "It would be accepted.",
		"━━ Verification", "house", "sound", "sound", "root over all heads",
	} {
		_, after, found := strings.Cut(rest, next)
		require.True(t, found, "%q does not follow", next)
		rest = after
	}
}

func TestTheDemoOfTheRulesForProgramsVerifies(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	require.Equal(t, exitOK, run(t.Context(), []string{"demo", "--rules", "--json"}, &out, &errs), errs.String())
	var d demoDoc
	require.NoError(t, json.Unmarshal(out.Bytes(), &d))
	last := d.Parts[len(d.Parts)-1]
	require.Equal(t, "Verification", last.Part)
	shown, err := json.Marshal(last.Shows[0])
	require.NoError(t, err)
	var verified verifyDoc
	require.NoError(t, json.Unmarshal(shown, &verified))
	require.True(t, verified.Sound)
}

func TestTwoPersonsByCommandLinesAlone(t *testing.T) {
	t.Parallel()
	b := newBundle(t)
	customer, account := b.maria()
	b.ask(exitOK, "ana", "submit", "deposit", "--customer", customer, "--to", account, "--amount", "50000.00")
	b.ask(exitOK, "ana", "register", "bruno")
	b.ask(exitOK, "ana", "grant", "bruno", "all", "--everyone")
	in := []string{"--customer", customer}
	on := func(command string, o operations.Operation, more ...string) []string {
		return slices.Concat([]string{command, string(o.ID), "--version", "1"}, in, more)
	}
	ask := append([]string{"submit", "withdrawal", "--from", account, "--amount", "10000.00"}, in...)

	o := b.ask(exitOK, "ana", ask...).Operation
	require.Equal(t, operations.AwaitingApproval, o.State)
	require.Equal(t, "look_alike_waiting", b.ask(exitRefused, "ana", ask...).Error.Unmet[0].Code)
	twin := b.ask(exitOK, "ana", append(ask, "--acknowledge", "look_alike_waiting")...).Operation

	for operator, may := range map[string]bool{"ana": false, "bruno": true} {
		var d worklistDoc
		out, _ := b.do(exitOK, operator, "worklist", "--json")
		require.NoError(t, json.Unmarshal([]byte(out), &d))
		require.Len(t, d.Items, 2)
		require.Equal(t, may, d.Items[0].MayApprove(), operator)
	}
	require.Equal(t, "own_operation", b.ask(exitRefused, "ana", on("approve", o)...).Error.Unmet[0].Code)
	require.Equal(t, operations.Completed, b.ask(exitOK, "bruno", on("approve", o)...).Operation.State)
	rejected := b.ask(exitOK, "bruno", on("reject", twin, "--because", "once is enough")...).Operation
	require.Equal(t, operations.Rejected, rejected.State)
	b.ask(exitConflict, "bruno", on("withdraw", o)...) // it has happened

	var v versionsDoc
	out, _ := b.do(exitOK, "ana", append([]string{"versions", string(o.ID), "--json"}, in...)...)
	require.NoError(t, json.Unmarshal([]byte(out), &v))
	require.Len(t, v.Versions, 2)
	require.Equal(t, operations.ActApprove, v.Versions[0].Action)

	refund := append([]string{"refund", string(o.ID), "--purpose", "sent back"}, in...)
	require.Equal(t, o.ID, b.ask(exitOK, "ana", append(refund, "--amount", "4000.00")...).Operation.Parent)
	require.Equal(t, "refund_exceeds", b.ask(exitRefused, "ana", append(refund, "--amount", "6000.01")...).Error.Unmet[0].Code)
	list, _ := b.do(exitOK, "ana", append([]string{"refunds", string(o.ID)}, in...)...)
	require.Contains(t, list, "4000.00 BRL")
	b.do(exitOK, "ana", "verify")
}

func TestWhatIsFrozenOrStoppedByCommandLinesAlone(t *testing.T) {
	t.Parallel()
	b := newBundle(t)
	customer, account := b.maria()
	in := []string{"--customer", customer}
	deposit := append([]string{"explain", "deposit", "--to", account, "--amount", "1.00"}, in...)

	b.ask(exitOK, "ana", append([]string{"freeze", "--because", "a letter"}, in...)...)
	require.Equal(t, "customer_frozen", b.ask(exitRefused, "ana", deposit...).Unmet[0].Code)
	b.ask(exitOK, "ana", append([]string{"freeze", "--account", account, "--because", "another"}, in...)...)
	list, _ := b.do(exitOK, "ana", append([]string{"freezes"}, in...)...)
	require.Contains(t, list, "a letter")
	require.Contains(t, list, "account:"+account)
	b.ask(exitOK, "ana", append([]string{"unfreeze", "--because", "answered"}, in...)...)
	b.ask(exitOK, "ana", append([]string{"unfreeze", "--account", account, "--because", "answered"}, in...)...)
	require.True(t, b.ask(exitOK, "ana", deposit...).Allowed)

	b.ask(exitOK, "ana", "stop", "kind:deposit", "--because", "counting")
	require.Equal(t, "stopped", b.ask(exitRefused, "ana", deposit...).Unmet[0].Code)
	list, _ = b.do(exitOK, "ana", "stops")
	require.Contains(t, list, "counting")
	b.ask(exitOK, "ana", "lift", "kind:deposit")
	require.True(t, b.ask(exitOK, "ana", deposit...).Allowed)
	b.ask(exitInvalid, "ana", "stop", "everything", "--because", "counting")
}
