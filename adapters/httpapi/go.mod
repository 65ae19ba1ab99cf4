module github.com/onbehalf/onbehalf/adapters/httpapi

go 1.26.0

require (
	github.com/dunglas/httpsfv v1.1.2
	github.com/oapi-codegen/runtime v1.8.0
	github.com/onbehalf/onbehalf v0.0.0
	github.com/shopspring/decimal v1.6.0
	github.com/stretchr/testify v1.12.1
)

require (
	github.com/apapsch/go-jsonmerge/v2 v2.0.0 // indirect
	github.com/google/uuid v1.6.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/sync v0.24.0 // indirect
)

replace github.com/onbehalf/onbehalf => ../..
