package main

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/operations"
)

func TestACustomersDayByCommandLinesAlone(t *testing.T) {
	t.Parallel()
	b := newBundle(t)
	customer, account := b.maria()
	b.ask(exitOK, "ana", "register", "bruno")
	b.ask(exitOK, "ana", "register", "carla")
	b.ask(exitOK, "ana", "grant", "bruno", "view,prepare,execute,modify,cancel", "--everyone")
	b.ask(exitOK, "ana", "grant", "carla", "view,prepare", "--customer", customer)
	in := []string{"--customer", customer}
	withdraw := append([]string{"withdrawal", "--from", account}, in...)

	require.True(t, b.ask(exitOK, "bruno", append([]string{"explain", "--amount", "100.00"}, withdraw...)...).Allowed)
	plan := b.ask(exitRefused, "carla", append([]string{"explain", "--amount", "100.00"}, withdraw...)...)
	require.Len(t, plan.Unmet, 1)
	require.Equal(t, "permission:execute", plan.Unmet[0].Subject)

	o := b.ask(exitOK, "carla", append([]string{"prepare", "--amount", "100.00"}, withdraw...)...).Operation
	require.Equal(t, operations.Prepared, o.State)
	b.ask(exitRefused, "carla", append([]string{"execute", string(o.ID), "--version", "1"}, in...)...)
	o = b.ask(exitOK, "bruno", append([]string{"modify", string(o.ID), "--version", "1", "--amount", "150.00"}, in...)...).Operation
	require.Equal(t, "150", o.Order.Amount.String())
	done := b.ask(exitOK, "bruno", append([]string{"execute", string(o.ID), "--version", "2"}, in...)...)
	require.Equal(t, operations.Completed, done.Operation.State)
	again := b.ask(exitOK, "bruno", append([]string{"execute", string(o.ID), "--version", "2", "--key", done.Key}, in...)...)
	require.True(t, again.Replayed)
	require.Equal(t, done.Seq, again.Seq)

	later := b.ask(exitOK, "bruno", append([]string{"submit", "--amount", "200.00", "--not-before", "9998-01-01T09:00:00-03:00"}, withdraw...)...).Operation
	require.Equal(t, operations.Scheduled, later.State)
	list, _ := b.do(exitOK, "bruno", append([]string{"accounts"}, in...)...)
	for _, figure := range []string{"850.00", "200.00", "650.00"} {
		require.Contains(t, list, figure)
	}
	b.ask(exitOK, "bruno", append([]string{"cancel", string(later.ID), "--version", "1"}, in...)...)
	b.ask(exitOK, "ana", append([]string{"status", "suspended"}, in...)...)
	plan = b.ask(exitRefused, "bruno", append([]string{"explain", "--amount", "1.00"}, withdraw...)...)
	require.Equal(t, "customer_not_active", plan.Unmet[0].Code)
	b.do(exitOK, "ana", "verify")
}

func TestEveryCommandAnswersInJSON(t *testing.T) {
	t.Parallel()
	b := newBundle(t)
	customer, account := b.maria()
	o := b.ask(exitOK, "ana", "prepare", "deposit", "--customer", customer, "--to", account, "--amount", "0.10").Operation
	b.ask(exitOK, "ana", "register", "bruno")
	dollars := b.ask(exitOK, "ana", "account", "--customer", customer, "USD", "--bank", "001", "--branch", "1", "--number", "1").Account
	number := regexp.MustCompile(`"(amount|owed|owing|rate|spread|posted|held|available|limit|balance|debit|credit|fee)": -?[0-9]`)
	for _, args := range [][]string{
		{"init"},
		{"operators"},
		{"customers"},
		{"work"},
		{"verify"},
		{"grant", "bruno", "view", "--customer", customer},
		{"grants", "--customer", customer},
		{"accounts", "--customer", customer},
		{"explain", "deposit", "--customer", customer, "--to", account, "--amount", "0.10"},
		{"history", "--customer", customer, "--state", "completed", "--kind", "deposit", "--min", "1", "--max", "5000"},
		{"actions", string(o.ID), "--customer", customer},
		{"statement", account, "--customer", customer},
		{"statement", "clearing:desk", "--customer", customer, "--asset", "BRL"},
		{"journal", "--customer", customer},
		{"worklist"},
		{"stops"},
		{"freezes", "--customer", customer},
		{"treasury"},
		{"pair", "--customer", customer, "--base", dollars, "--quote", account},
		{"path", "bank", "--customer", customer, "--base", dollars, "--quote", account, "--spread", "10"},
		{"paths", "--customer", customer, "--base", dollars, "--quote", account},
		{"providers", "--customer", customer},
		{"providers", "bank", "--customer", customer},
		{"pairs", "--customer", customer},
		{"quote", "buy", "--customer", customer, "--base", dollars, "--quote", account, "--base-amount", "0.10"},
		{"trade", "buy", "--customer", customer, "--base", dollars, "--quote", account, "--base-amount", "0.10"},
		{"versions", string(o.ID), "--customer", customer},
		{"refunds", string(o.ID), "--customer", customer},
		{"cancel", string(o.ID), "--version", "1", "--customer", customer},
	} {
		out, errs := b.do(exitOK, "ana", append(args, "--json")...)
		require.Empty(t, errs, "%v", args)
		decoder := json.NewDecoder(strings.NewReader(out))
		var document map[string]any
		require.NoError(t, decoder.Decode(&document), "%v", args)
		require.False(t, decoder.More(), "%v: one document", args)
		require.NotEmpty(t, document, "%v", args)
		require.NotContains(t, out, "null", "%v", args)
		require.False(t, number.MatchString(out), "%v: an amount is a number", args)
		require.NotContains(t, out, "\x1b")
	}
}

func TestAFreshKeyIsToldBeforeAnythingElseAndRepeatsTheCommand(t *testing.T) {
	t.Parallel()
	b := newBundle(t)
	customer, account := b.maria()
	deposit := []string{"submit", "deposit", "--customer", customer, "--to", account, "--amount", "5.00"}
	_, errs := b.do(exitOK, "ana", deposit...)
	key := regexp.MustCompile(`--key (\S+)`).FindStringSubmatch(errs)
	require.Len(t, key, 2, errs)
	out, errs := b.do(exitOK, "ana", append(deposit, "--key", key[1])...)
	require.Empty(t, errs)
	require.Contains(t, out, "outcome already")
	list, _ := b.do(exitOK, "ana", "accounts", "--customer", customer)
	require.Contains(t, list, "1005.00")
}

func TestPagesOfHistoryFollowTheirCursor(t *testing.T) {
	t.Parallel()
	b := newBundle(t)
	customer, account := b.maria()
	b.submitMany(customer, account, 4)
	var seen []operations.OperationID
	cursor := ""
	for {
		var d historyDoc
		out, _ := b.do(exitOK, "ana", "history", "--customer", customer, "--limit", "2", "--cursor", cursor, "--json")
		require.NoError(t, json.Unmarshal([]byte(out), &d))
		for _, o := range d.Operations {
			require.NotContains(t, seen, o.ID)
			seen = append(seen, o.ID)
		}
		if cursor = d.NextCursor; cursor == "" {
			break
		}
	}
	require.Len(t, seen, 5)
}

func TestTextFromDataCannotDriveTheTerminal(t *testing.T) {
	t.Parallel()
	b := newBundle(t)
	customer := b.ask(exitOK, "ana", "open", "Eve").Customer
	// The library takes no such name; a database that was tampered with may hold one.
	b.tamper("UPDATE onbehalf_customers SET name = 'Eve' || char(27) || '[2J' || char(8238) || char(155) || char(10) || 'root' WHERE customer = '" + customer + "'")
	for _, args := range [][]string{{"customers"}, {"customers", "--json"}} {
		out, _ := b.do(exitOK, "ana", args...)
		for _, r := range []string{"\x1b", "\u202e", "\u009b", "\nroot"} {
			require.NotContains(t, out, r)
		}
		require.Contains(t, out, `\u202e`)
	}
	out, _ := b.do(exitOK, "ana", "customers", "--json")
	var d customersDoc
	require.NoError(t, json.Unmarshal([]byte(out), &d))
	require.Equal(t, "Eve\x1b[2J\u202e\u009b\nroot", d.Customers[0].Name, "a program reads what is stored")

	_, errs := b.do(exitInvalid, "ana", "no\x1b[31msuch")
	require.NotContains(t, errs, "\x1b")
}

func TestSafe(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"plain text stays":    {"João → R$ 10 · 日本", "João → R$ 10 · 日本"},
		"escape":              {"a\x1b[31mb", `a\u001b[31mb`},
		"line end":            {"a\nb", `a\u000ab`},
		"one-byte CSI":        {"a\u009bb", `a\u009bb`},
		"direction":           {"a\u202eb\u2066c\u200fd", `a\u202eb\u2066c\u200fd`},
		"invisible":           {"a\u200bb\ufeffc", `a\u200bb\ufeffc`},
		"beyond 16 bits":      {"a\U000e0041b", `a\U000e0041b`},
		"not UTF-8":           {"a\xffb", `a\xffb`},
		"paragraph separator": {"a\u2029b", `a\u2029b`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, safe(c.text))
			var b bytes.Buffer
			require.NoError(t, writeJSON(&b, strings.ToValidUTF8(c.text, "?")))
			line := strings.TrimSuffix(b.String(), "\n")
			require.Equal(t, line, safe(line), "nothing hidden is left")
			var back string
			require.NoError(t, json.Unmarshal(b.Bytes(), &back))
			require.Equal(t, strings.ToValidUTF8(c.text, "?"), back)
		})
	}
}

func TestColourComesAfterTheTextWasMadeSafe(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	(&page{w: &b, colour: true}).linef(bad, "no\x1b[0m")
	require.Equal(t, "\x1b[31mno\\u001b[0m\x1b[0m\n", b.String())
	require.False(t, coloured(&b))
}
