package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/operations"
)

func TestExitCodesOfCommands(t *testing.T) {
	t.Parallel()
	b := newBundle(t)
	customer, account := b.maria()
	deposit := func(amount string, more ...string) []string {
		return append([]string{"submit", "deposit", "--customer", customer, "--to", account, "--amount", amount}, more...)
	}

	t.Run("2 for what is malformed", func(t *testing.T) {
		t.Parallel()
		b := &bundle{T: t, file: b.file}
		for _, args := range [][]string{
			{"unheard-of"},
			{"accounts"},
			{"customers", "--limit", "201"},
			{"execute", "some", "--customer", customer},
			{"execute", "some", "--customer", customer, "--version", "0"},
			{"grant", "bruno", "fly", "--everyone"},
			{"grant", "bruno", "view", "--everyone", "--customer", customer},
			{"history", "--customer", customer, "--state", "done"},
			{"open", "João", "--tax-kind", "cpf", "--tax-id", "123.456.789-00"},
			deposit("1.000"), deposit("1e3"), deposit("-1"), deposit("0"), deposit("1,00"),
			deposit("1.00", "--key", "two words"),
		} {
			a := b.ask(exitInvalid, "ana", args...)
			require.Equal(t, "invalid", a.Error.Class, "%v", args)
			require.Equal(t, exitInvalid, a.Error.Exit)
		}
		b.do(exitInvalid, "nobody", "customers")
		b.do(exitInvalid, "", "customers")
	})
	t.Run("3 for what is refused, with every reason", func(t *testing.T) {
		t.Parallel()
		b := &bundle{T: t, file: b.file}
		a := b.ask(exitRefused, "ana", "submit", "withdrawal", "--customer", customer, "--from", account, "--amount", "60000.00", "--via", "pigeon")
		var codes []string
		for _, u := range a.Error.Unmet {
			codes = append(codes, u.Code)
		}
		require.ElementsMatch(t, []string{"insufficient_available", "amount_above_maximum", "provider_unknown"}, codes)
		require.NotEmpty(t, a.Key)
		require.False(t, b.ask(exitRefused, "ana", "explain", "withdrawal", "--customer", customer, "--from", account, "--amount", "60000.00").Allowed)
	})
	t.Run("4 for what is not there", func(t *testing.T) {
		t.Parallel()
		b := &bundle{T: t, file: b.file}
		b.ask(exitNotFound, "ana", "accounts", "--customer", "somebody")
		b.ask(exitNotFound, "ana", "actions", "nothing", "--customer", customer)
		b.ask(exitNotFound, "davi", "accounts", "--customer", customer) // no grant looks the same
		none := &bundle{T: t, file: filepath.Join(t.TempDir(), "none.db")}
		none.ask(exitNotFound, "ana", "customers")
		require.NoFileExists(t, none.file)
	})
	t.Run("5 for a version that has passed and a key used otherwise", func(t *testing.T) {
		t.Parallel()
		b := &bundle{T: t, file: b.file}
		o := b.ask(exitOK, "ana", "prepare", "deposit", "--customer", customer, "--to", account, "--amount", "10.00").Operation
		b.ask(exitOK, "ana", "modify", string(o.ID), "--version", "1", "--customer", customer, "--amount", "11.00")
		a := b.ask(exitConflict, "ana", "execute", string(o.ID), "--version", "1", "--customer", customer)
		require.Equal(t, &currentDoc{o.ID, operations.Prepared, 2}, a.Error.Current)
		b.ask(exitOK, "ana", deposit("1.00", "--key", "k1")...)
		b.ask(exitConflict, "ana", deposit("2.00", "--key", "k1")...)
	})
	t.Run("6 for a database without the tables", func(t *testing.T) {
		t.Parallel()
		b := &bundle{T: t, file: filepath.Join(t.TempDir(), "empty.db")}
		require.NoError(t, os.WriteFile(b.file, nil, 0o600))
		b.ask(exitUnavailable, "ana", "customers")
	})
}

func TestClassesOfErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		want int
	}{
		"none":                                 {nil, exitOK},
		"other":                                {io.ErrShortWrite, exitOther},
		"cancelled":                            {context.Canceled, exitOther},
		"unknown outcome":                      {&operations.UnknownOutcomeError{Key: "k", Err: io.EOF}, exitUnknownOutcome},
		"damage while reading is unavailable":  {errors.Join(operations.ErrUnavailable, operations.ErrDamaged), exitUnavailable},
		"damage that was looked for is damage": {errDamage, exitDamage},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, classOf(c.err).code)
		})
	}
}

func TestAnUnknownOutcomeTellsTheKeyToAskWith(t *testing.T) {
	t.Parallel()
	var errs bytes.Buffer
	(&out{stderr: &errs}).fail(&operations.UnknownOutcomeError{Key: "k-17", Err: io.EOF}, "k-17")
	require.Contains(t, errs.String(), "--key k-17")
}

func TestAnswersThatCannotBeWrittenAreErrors(t *testing.T) {
	t.Parallel()
	b := newBundle(t)
	for _, args := range [][]string{{"customers"}, {"customers", "--json"}, {"demo"}} {
		args = append([]string{"--db", b.file, "--as", "ana"}, args...)
		require.Equal(t, exitOther, run(t.Context(), args, brokenPipe{}, io.Discard), "%v", args)
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestHelpTellsTheExitCodes(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"--help"}, {"verify", "--help"}} {
		var out, errs bytes.Buffer
		require.Equal(t, exitOK, run(t.Context(), args, &out, &errs), "%v", args)
		require.Empty(t, errs.String())
		require.True(t, strings.HasSuffix(out.String(), exitHelp))
	}
}
