package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/operations"
)

func TestVerifyNamesWhatWasTamperedWith(t *testing.T) {
	t.Parallel()
	const his = " WHERE customer = 'CUSTOMER'"
	for name, c := range map[string]struct {
		tamper []string
		names  string
	}{
		"a changed byte": {
			[]string{"UPDATE onbehalf_entries SET bytes = CAST(replace(CAST(bytes AS TEXT), '1000', '9000') AS BLOB)" + his + " AND seq = 3"},
			"entry 3",
		},
		"a changed byte with its hash made to fit": {
			[]string{"UPDATE onbehalf_entries SET bytes = CAST(replace(CAST(bytes AS TEXT), '1000', '9000') AS BLOB), hash = zeroblob(32)" + his + " AND seq = 3"},
			"entry 3",
		},
		"the last entry deleted": {
			[]string{"DELETE FROM onbehalf_entries" + his + " AND seq = 4"},
			"entry 4: is missing",
		},
		"an entry in the middle deleted": {
			[]string{"DELETE FROM onbehalf_entries" + his + " AND seq = 2"},
			"entry 2: is missing",
		},
		"an entry moved": {
			[]string{
				"UPDATE onbehalf_entries SET seq = 99" + his + " AND seq = 2",
				"UPDATE onbehalf_entries SET seq = 2" + his + " AND seq = 3",
				"UPDATE onbehalf_entries SET seq = 3" + his + " AND seq = 99",
			},
			"entry 2: book is damaged",
		},
		"the last entry cut off together with the head": {
			[]string{
				"UPDATE onbehalf_books SET seq = 3, hash = (SELECT hash FROM onbehalf_entries e WHERE e.customer = onbehalf_books.customer AND e.seq = 3)" + his,
				"DELETE FROM onbehalf_entries" + his + " AND seq = 4",
			},
			"key 4",
		},
		"a balance": {
			[]string{"UPDATE onbehalf_balances SET posted = '9000'" + his + " AND held = '0' AND posted = '900'"},
			"balance 4",
		},
		"an operation's row": {
			[]string{"UPDATE onbehalf_operations SET state = 'cancelled'" + his + " AND created = 4"},
			"operation 4",
		},
		"the tax id": {
			[]string{"UPDATE onbehalf_personal SET value = CAST(replace(CAST(value AS TEXT), '12345678909', '52998224725') AS BLOB)" + his + " AND subject = 'customer'"},
			"personal: customer was changed",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBundle(t)
			customer, account := b.maria()
			b.ask(exitOK, "ana", "submit", "withdrawal", "--customer", customer, "--from", account, "--amount", "100.00")
			b.do(exitOK, "ana", "verify")
			for i, s := range c.tamper {
				c.tamper[i] = strings.ReplaceAll(s, "CUSTOMER", customer)
			}
			b.tamper(c.tamper...)

			out, errs := b.do(exitDamage, "ana", "verify")
			require.Empty(t, errs)
			require.Contains(t, out, c.names)

			out, _ = b.do(exitDamage, "ana", "verify", "--customer", customer, "--json")
			var d verifyDoc
			require.NoError(t, json.Unmarshal([]byte(out), &d))
			require.False(t, d.Sound)
			require.Len(t, d.Books, 1)
			require.NotEmpty(t, d.Books[0].Faults)
			b.do(exitOK, "ana", "verify", "--customer", "house")
		})
	}
}

func TestVerifyFindsAnOldEntryThatNothingElseReadsAnyMore(t *testing.T) {
	t.Parallel()
	b := newBundle(t)
	customer, account := b.maria()
	b.submitMany(customer, account, operations.MaxTail+8)
	b.tamper("UPDATE onbehalf_entries SET action = 'cancel' WHERE customer = '" + customer + "' AND seq = 7")
	b.do(exitOK, "ana", "accounts", "--customer", customer)
	out, _ := b.do(exitDamage, "ana", "verify")
	require.Contains(t, out, "entry 7: ")
}

func TestVerifyTellsOfTheHouseWhenItsOwnBookIsDamaged(t *testing.T) {
	t.Parallel()
	b := newBundle(t)
	b.maria()
	b.tamper("UPDATE onbehalf_entries SET action = 'cancel' WHERE customer = 'house'")
	out, _ := b.do(exitDamage, "ana", "verify")
	require.Contains(t, out, "house")
	require.Contains(t, out, "entry 1: ")
}

func TestErasingIsNoAlarm(t *testing.T) {
	t.Parallel()
	b := newBundle(t)
	customer, account := b.maria()
	b.ask(exitRefused, "ana", "erase", "--customer", customer) // he is not closed
	b.ask(exitOK, "ana", "submit", "withdrawal", "--customer", customer, "--from", account, "--amount", "1000.00")
	b.ask(exitOK, "ana", "status", "closed", "--customer", customer, "--account", account)
	b.ask(exitOK, "ana", "status", "closed", "--customer", customer)
	b.ask(exitOK, "ana", "erase", "--customer", customer)

	out, _ := b.do(exitOK, "ana", "verify")
	require.Contains(t, out, "personal data erased: 2")
	for _, command := range []string{"accounts", "history", "journal"} {
		out, _ = b.do(exitOK, "ana", command, "--customer", customer)
		require.Contains(t, out, "(erased)")
		require.NotContains(t, out, "Maria")
		require.NotContains(t, out, "maria@")
		require.NotContains(t, out, "123.456.789-09")
	}
	out, _ = b.do(exitOK, "ana", "customers")
	require.Contains(t, out, "(erased)")
}

func TestTheRootOverAllBooksIsForWhoSeesAll(t *testing.T) {
	t.Parallel()
	b := newBundle(t)
	customer, _ := b.maria()
	b.ask(exitOK, "ana", "register", "carla")
	b.ask(exitOK, "ana", "grant", "carla", "view", "--customer", customer)
	b.ask(exitRefused, "carla", "verify")
	b.do(exitOK, "carla", "verify", "--customer", customer)
	b.do(exitNotFound, "carla", "verify", "--customer", "nobody")
}
