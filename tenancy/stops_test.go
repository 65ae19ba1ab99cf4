package tenancy_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/tenancy"
)

func TestSubjectOfTakesApartWhatASwitchStops(t *testing.T) {
	t.Parallel()
	for subject, want := range map[string][2]string{
		tenancy.WholeFirm:                 {},
		tenancy.KindSubject("deposit"):    {"deposit", ""},
		tenancy.ProviderSubject("bank"):   {"", "bank"},
		"kind:" + strings.Repeat("k", 64): {strings.Repeat("k", 64), ""},
	} {
		kind, provider, err := tenancy.SubjectOf(subject)
		require.NoError(t, err, subject)
		require.Equal(t, want, [2]string{kind, provider}, subject)
		require.NoError(t, tenancy.Stop{Subject: subject, Reason: "r"}.Validate())
		require.NoError(t, tenancy.Lift{Subject: subject}.Validate())
	}
	for _, subject := range []string{"", "FIRM", "firm:", "kind", "kind:", "provider:", "kind:a b", "kind::a", "account:a", "kind:" + strings.Repeat("k", 65)} {
		_, _, err := tenancy.SubjectOf(subject)
		require.ErrorIs(t, err, tenancy.ErrInvalid, "%q", subject)
	}
}

func TestTheRowOfTheSwitchesIsNobodys(t *testing.T) {
	t.Parallel()
	require.ErrorIs(t, tenancy.CheckID("operator", string(tenancy.Switches)), tenancy.ErrInvalid)
}

func TestAStopTellsAllThatIsWrong(t *testing.T) {
	t.Parallel()
	require.Len(t, tenancy.Fields(tenancy.Stop{}.Validate()), 2)
	require.Len(t, tenancy.Fields(tenancy.Stopped{Subject: "firm", Reason: "\t"}.Validate()), 1)
	require.NoError(t, tenancy.CheckReason("reason", strings.Repeat("é", 128)))
	require.ErrorIs(t, tenancy.CheckReason("reason", strings.Repeat("é", 129)), tenancy.ErrInvalid)
}
