package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/httpapi"
)

func TestTheDocumentIsThatOfTheContract(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromData(httpapi.Contract())
	require.NoError(t, err)
	kept, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "docs", "api.md"))
	require.NoError(t, err)
	require.Equal(t, string(render(doc)), string(kept), "make generate makes it anew")
}
