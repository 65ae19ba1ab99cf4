module github.com/onbehalf/onbehalf/adapters/sqlstore

go 1.26.0

require (
	github.com/onbehalf/onbehalf v0.0.0
	github.com/pressly/goose/v3 v3.28.0
	github.com/shopspring/decimal v1.6.0
	github.com/stretchr/testify v1.12.1
)

require (
	github.com/google/uuid v1.6.0 // indirect
	github.com/mfridman/interpolate v0.0.2 // indirect
	github.com/sethvargo/go-retry v0.4.0 // indirect
	go.uber.org/multierr v1.11.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/sync v0.24.0 // indirect
)

replace github.com/onbehalf/onbehalf => ../..
