package operations

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
)

// keep records the digest of personal data and puts the value beside the
// journal, where it can be erased.
func (d *decision) keep(subject string, value any, salt []byte) error {
	b, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode personal data: %w", err)
	}
	digest := personalDigest(salt, b)
	d.fx.Personal = append(d.fx.Personal, PersonalEffect{Subject: subject, Digest: digest})
	d.personal = append(d.personal, PersonalRow{Subject: subject, Digest: digest, Salt: salt, Value: b})
	return nil
}

func personalDigest(salt, value []byte) Hash {
	h := sha256.New()
	h.Write(salt)
	h.Write(value)
	return Hash(h.Sum(nil))
}
