package httpapi

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// sealer makes texts that only it can read and nobody can change: page contexts
// and cursors. Each is bound to what it may be used for.
type sealer struct{ aead cipher.AEAD }

func newSealer(secret []byte) (sealer, error) {
	if secret == nil {
		secret = make([]byte, MinSecret)
		if _, err := rand.Read(secret); err != nil {
			return sealer{}, err
		}
	}
	key, err := hkdf.Key(sha256.New, secret, nil, "onbehalf httpapi 1", 32)
	if err != nil {
		return sealer{}, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return sealer{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return sealer{aead}, err
}

func (s sealer) seal(plain []byte, bound ...string) string {
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nil, nil, plain, bind(bound))) //nolint:gosec // the AEAD draws a nonce for each
}

func (s sealer) open(text string, bound ...string) ([]byte, bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, false
	}
	plain, err := s.aead.Open(nil, nil, b, bind(bound))
	return plain, err == nil
}

// bind makes one text of the parts, none of which has a NUL in it.
func bind(parts []string) []byte { return []byte(strings.Join(parts, "\x00")) }
