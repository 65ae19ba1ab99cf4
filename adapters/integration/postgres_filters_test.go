//go:build !onbehalf_rows_alone

package integration_test

// rowsAlone tells that the store's own filters are taken away.
const rowsAlone = false
