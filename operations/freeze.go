package operations

import "time"

// FreezeEffect freezes a subject of the book, or lifts it.
type FreezeEffect struct {
	Subject string    `json:"subject"` // "customer" or "account:<id>"
	Frozen  bool      `json:"frozen"`
	Reason  string    `json:"reason,omitempty"`
	Seq     int64     `json:"seq"` // of the entry
	At      time.Time `json:"at"`
}

func (f *Folded) freeze(*FreezeEffect) {}

// frozen tells what freezes and switches of the firm stand in the way.
func frozen(View, Terms) []Unmet { return nil }
