package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheDemoShowsThePartsOfTheScreenInOrder(t *testing.T) {
	t.Parallel()
	rest := demoText(t)
	for _, next := range []string{
		"━━ The firm and its operators", "Ana Ribeiro", "everything", "Bruno Costa", "view, prepare, execute, modify, cancel",
		"━━ Customers", "suspended",
		"━━ Entering", "not found", "reason_required",
		"━━ Context banner", "Maria da Silva", "CPF 123.456.789-09", "status active", "You, Bruno Costa, act for Maria da Silva.", "Reason: phone call",
		"Acting for Padaria Aurora Ltda", "account_not_found",
		"━━ Accounts", "posted", "held", "available", "limit", "10000.00", "10500.00", "500.00",
		"━━ Why not", "for 5 reasons", "permission_missing", "account_debits_frozen", "account_not_configured", "missing bank,branch,number|pix_key",
		"insufficient_available", "Deposit what is short", "short 80000", "amount_above_maximum", "customer_not_active",
		"━━ Operation ", "prepared, version 1", "total debit", "1500.00 BRL", "in 15m0s", "prepared, version 2", "1750.00 BRL",
		"conflict", "permission_missing", "completed, version 3", "0.05000000 BTC", "cancelled, version 2",
		"━━ Scheduled, with a hold", "scheduled, version 1", "held", "8250.00", "2000.00", "6750.00",
		"━━ Operations ", "scheduled", "cancelled", "completed",
		"━━ Action controls", "state_forbids", "yes", "permission_missing",
		"━━ Statement", "-1750.00", "8250.00", "10000.00",
		"━━ Journal", "Ana Ribeiro", "Carla Nunes", "Maria da Silva", "refused: permission_missing", "hold of 2000.00 BRL",
		"━━ The next morning", "1 released", "completed, version 2", "6250.00",
		"━━ The firm's own dashboard", "You, Ana Ribeiro, act for the firm itself", "250000.00",
		"━━ Verification", "house", "sound", "root over all heads",
	} {
		_, after, found := strings.Cut(rest, next)
		require.True(t, found, "%q does not follow", next)
		rest = after
	}
	require.NotContains(t, rest, "fault")
}

// It sets TMPDIR for the process, so it cannot run beside others.
func TestTheDemoLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	demoText(t)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestTheDemoForProgramsHasTheSameParts(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	require.Equal(t, exitOK, run(t.Context(), []string{"demo", "--json"}, &out, &errs), errs.String())
	var d demoDoc
	require.NoError(t, json.Unmarshal(out.Bytes(), &d))
	var parts []string
	for _, p := range d.Parts {
		parts = append(parts, p.Part)
		require.NotEmpty(t, p.Shows, p.Part)
	}
	require.Equal(t, []string{
		"The firm and its operators", "Customers", "Entering", "Context banner", "Accounts", "Why not", "Operation", "Scheduled, with a hold",
		"Operations", "Action controls", "Statement", "Journal", "The next morning", "The firm's own dashboard", "Verification",
	}, parts)
}

func demoText(t *testing.T) string {
	t.Helper()
	var out, errs bytes.Buffer
	require.Equal(t, exitOK, run(t.Context(), []string{"demo"}, &out, &errs), errs.String())
	require.Empty(t, errs.String())
	require.NotContains(t, out.String(), "\x1b", "no colour where there is no terminal")
	return out.String()
}
