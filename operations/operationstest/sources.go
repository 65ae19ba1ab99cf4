package operationstest

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/onbehalf/onbehalf/operations"
)

// IDs is an operations.IDSource that counts: id-000001, id-000002, and so on.
// Such ids sort by creation, as the real ones do. The zero value is ready, and
// safe for concurrent use; which of two concurrent callers comes first is not
// determined. How many ids an engine draws for a command is its own affair: a
// test that shows an id takes it from the result. Engines on one store share
// one source, or have prefixes of their own.
type IDs struct {
	// Prefix stands before the number instead of "id". It must begin with a
	// letter or digit and is not changed while the source is in use.
	Prefix string

	n atomic.Int64
}

var _ operations.IDSource = (*IDs)(nil)

// NewID gives the next id.
func (s *IDs) NewID() string {
	prefix := s.Prefix
	if prefix == "" {
		prefix = "id"
	}
	return fmt.Sprintf("%s-%06d", prefix, s.n.Add(1))
}

// Entropy is an endless io.Reader that gives the same bytes in every run, for
// Config.Entropy. Nothing about it is secret. The zero value is ready, and safe
// for concurrent use.
type Entropy struct {
	mu   sync.Mutex
	n    uint64
	left []byte
}

var _ io.Reader = (*Entropy)(nil)

// Read fills p and never fails.
func (e *Entropy) Read(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for n := 0; n < len(p); {
		if len(e.left) == 0 {
			e.n++
			var seed [8]byte
			binary.BigEndian.PutUint64(seed[:], e.n)
			block := sha256.Sum256(seed[:])
			e.left = block[:]
		}
		k := copy(p[n:], e.left)
		e.left, n = e.left[k:], n+k
	}
	return len(p), nil
}
