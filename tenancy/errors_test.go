package tenancy_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/tenancy"
)

func classes() []error {
	return []error{
		tenancy.ErrInvalid, tenancy.ErrRefused, tenancy.ErrNotFound,
		tenancy.ErrConflict, tenancy.ErrUnavailable, tenancy.ErrUnknownOutcome,
	}
}

// classesOf returns every class that err matches.
func classesOf(err error) []error {
	var of []error
	for _, class := range classes() {
		if errors.Is(err, class) {
			of = append(of, class)
		}
	}
	return of
}

func TestErrorsBelongToExactlyOneClass(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		err  error
		want error
	}{
		"a field error is invalid":         {tenancy.Invalid("amount", "is required"), tenancy.ErrInvalid},
		"a wrapped field error is invalid": {fmt.Errorf("open: %w", tenancy.Invalid("a", "b")), tenancy.ErrInvalid},
		"a refusal is refused":             {tenancy.Refuse(tenancy.Unmet{Code: "x"}), tenancy.ErrRefused},
		"an empty refusal is refused":      {tenancy.Refuse(), tenancy.ErrRefused},
	}
	for _, class := range classes() {
		cases["the class "+class.Error()+" is itself alone"] = struct{ err, want error }{class, class}
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, []error{c.want}, classesOf(c.err))
		})
	}
}

func TestErrorTextsTellWhatIsWrong(t *testing.T) {
	t.Parallel()
	require.EqualError(t, tenancy.Invalid("amount", "has more than 2 decimal places"),
		"amount: has more than 2 decimal places")
	require.EqualError(t, tenancy.Refuse(
		tenancy.Unmet{Code: "insufficient_available", Subject: "account:a1", Figures: []tenancy.Figure{{Name: "asked", Value: "5"}}},
		tenancy.Unmet{Code: "limit_exceeded"},
	), "refused: insufficient_available (account:a1), limit_exceeded")
	require.EqualError(t, tenancy.Refuse(), "refused")
	require.Equal(t, "insufficient_available (account:a1): available=3 asked=5", tenancy.Unmet{
		Code: "insufficient_available", Subject: "account:a1",
		Figures: []tenancy.Figure{{Name: "available", Value: "3"}, {Name: "asked", Value: "5"}},
	}.String())
}

func TestRefuseKeepsItsOwnList(t *testing.T) {
	t.Parallel()
	list := []tenancy.Unmet{{Code: "one"}}
	err := tenancy.Refuse(list...)
	list[0].Code = "changed"
	require.EqualError(t, err, "refused: one")
}

func TestFieldsFindsEveryFieldErrorInOrder(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("prepare: %w", errors.Join(
		tenancy.Invalid("a", "is required"),
		errors.Join(tenancy.Invalid("b", "is empty"), fmt.Errorf("inner: %w", tenancy.Invalid("c", "is odd"))),
		tenancy.ErrUnavailable,
	))
	require.Equal(t, []tenancy.FieldError{
		{Field: "a", Problem: "is required"}, {Field: "b", Problem: "is empty"}, {Field: "c", Problem: "is odd"},
	}, tenancy.Fields(err))
	require.Empty(t, tenancy.Fields(nil))
	require.Empty(t, tenancy.Fields(tenancy.ErrInvalid))
}

func TestUnmetSurvivesJSON(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		unmet tenancy.Unmet
		json  string
	}{
		"with figures": {
			tenancy.Unmet{Code: "c", Subject: "s", Figures: []tenancy.Figure{{Name: "n", Value: "1.5"}}, Remedy: "r"},
			`{"code":"c","subject":"s","figures":[{"name":"n","value":"1.5"}],"remedy":"r"}`,
		},
		"without figures": {
			tenancy.Unmet{Code: "c", Subject: "s", Remedy: "r"},
			`{"code":"c","subject":"s","remedy":"r"}`,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, err := json.Marshal(c.unmet)
			require.NoError(t, err)
			require.Equal(t, c.json, string(data))
			var back tenancy.Unmet
			require.NoError(t, json.Unmarshal(data, &back))
			require.Equal(t, c.unmet, back)
		})
	}
}

func TestIsAccessTellsLostAccessFromAMissingPermission(t *testing.T) {
	t.Parallel()
	for _, code := range tenancy.Codes() {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			err := fmt.Errorf("execute: %w", tenancy.Refuse(tenancy.Unmet{Code: code}))
			require.Equal(t, code != tenancy.CodePermissionMissing, tenancy.IsAccess(err))
		})
	}
	t.Run("other errors are not about access", func(t *testing.T) {
		t.Parallel()
		for _, err := range append(classes(), nil, tenancy.Refuse(), tenancy.Refuse(tenancy.Unmet{Code: "insufficient_available"})) {
			require.False(t, tenancy.IsAccess(err), "%v", err)
		}
	})
}
