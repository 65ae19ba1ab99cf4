//go:build onbehalf_rows_alone

package integration_test

const rowsAlone = true
