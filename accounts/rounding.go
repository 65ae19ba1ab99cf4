package accounts

// Rounding names how a figure is brought to an asset's scale. The zero value is
// HalfEven.
type Rounding string

// The roundings.
const (
	HalfEven Rounding = "half_even"
	HalfUp   Rounding = "half_up" // away from zero
	Up       Rounding = "up"      // away from zero
	Down     Rounding = "down"    // towards zero
)
