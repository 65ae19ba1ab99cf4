package trading_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/trading"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Whatever is read as a record is played as a rate that can be relied on.
func FuzzReadRecorded(f *testing.F) {
	for _, line := range []string{
		"2013-01-02,USD,BRL,2.0425", "2013-01-02,USD,BRL,0.000000000001", "2013-01-02,USD,BRL,1e2147483647", "2013-01-02,USD,USD,1", "2013-01-02,,BRL,1",
		"0000-01-02,USD,BRL,1", "9999-12-31,USD,BRL,1", "2013-01-02,\"U\nD\",BRL,1", "2013-01-02,USD,BRL,1\n2013-01-02,USD,BRL,1",
	} {
		f.Add("date,base,quote,rate\n" + line + "\n")
	}
	f.Fuzz(func(t *testing.T, text string) {
		clock := operations.ClockFunc(func() time.Time { return time.Date(9999, 12, 31, 23, 0, 0, 0, time.UTC) })
		r, err := trading.ReadRecorded(strings.NewReader(text), "tape", nil, clock)
		if err != nil {
			return
		}
		for line := range strings.Lines(text) {
			f := strings.Split(strings.TrimRight(line, "\r\n"), ",")
			if len(f) != 4 || f[0] == "date" || strings.Contains(line, `"`) {
				continue
			}
			got, err := r.Rate(t.Context(), f[1], f[2])
			require.NoError(t, err, "%q", line)
			require.NoError(t, got.Validate(), "%q", line)
			value, err := trading.ParseRate(f[3])
			require.NoError(t, err, "%q", line)
			again, err := trading.ParseRate(accounts.Canonical(value))
			require.NoError(t, err)
			require.True(t, value.Equal(again))
			if inverse, err := trading.Inverse(got); err == nil {
				require.NoError(t, inverse.Validate())
			} else {
				require.ErrorIs(t, err, trading.ErrNoRate)
				require.ErrorIs(t, err, tenancy.ErrInvalid)
			}
		}
	})
}
