package client //nolint:revive // the generated file has the package comment

// What oapi-codegen makes of the contract alone, without any type of this
// library, for tests that use the API as another firm's program would.
//
//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2 -config config.yaml ../../../httpapi/openapi.yaml
