// Package httpapi serves an engine over HTTP, by the contract openapi.yaml.
//
// The host brings the log-in: Config.Authenticate turns a request into a
// principal, and what he may do stands in the books. The customer is in the
// path of each request, and the engine's gate opens a scope for it anew. With
// it must come the id of the page context that this operator opened for this
// customer, so that a page left over from one customer cannot act for another.
//
//	api, err := httpapi.New(engine, httpapi.Config{Authenticate: sessions.Principal})
//	api.Mount(mux, "/ops")              // beside whatever the host serves
//	httpapi.Harden(server)              // the time-outs that only a server can set
//	server.RegisterOnShutdown(api.Close)
//
// All references in responses are relative, so any prefix will do. Errors are
// problems of RFC 9457; docs/api.md lists their codes with the routes.
package httpapi
