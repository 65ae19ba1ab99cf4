package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/httpapi"
	"github.com/onbehalf/onbehalf/adapters/integration/internal/client"
	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// serve is a firm's API under a prefix, for ana and bia, whose name is their token.
func serve(t *testing.T) string {
	t.Helper()
	eng, err := operations.New(memory.New(), operations.Config{
		Approvals: []operations.Approval{{Name: "large", Match: operations.Match{Kinds: []string{operations.KindWithdrawal}, From: decimal.New(1000, 0)}}},
	})
	require.NoError(t, err)
	t.Cleanup(eng.Close)
	person := func(name string) tenancy.Principal {
		return tenancy.Principal{Tenant: "acme", Operator: tenancy.OperatorID(name), Person: tenancy.PersonID("p-" + name), Channel: tenancy.ChannelAPI}
	}
	ana := person("ana")
	_, err = eng.Bootstrap(t.Context(), tenancy.Firm{Tenant: "acme", Name: "Acme", Admin: ana})
	require.NoError(t, err)
	house, err := eng.Gate().Own(t.Context(), ana, "")
	require.NoError(t, err)
	for n, c := range []operations.Administrative{
		tenancy.Register{Operator: "bia", Person: "p-bia"},
		tenancy.Allow{Operator: "bia", Everyone: true, Permissions: tenancy.NewPermissions(tenancy.AllPermissions()...)},
	} {
		_, err = eng.Manage(t.Context(), house, operations.Intent{Key: fmt.Sprint("bia-", n)}, c)
		require.NoError(t, err)
	}
	api, err := httpapi.New(eng, httpapi.Config{Authenticate: func(r *http.Request) (tenancy.Principal, error) {
		name, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok {
			return tenancy.Principal{}, errors.New("nobody")
		}
		return person(name), nil
	}})
	require.NoError(t, err)
	t.Cleanup(api.Close)
	mux := http.NewServeMux()
	api.Mount(mux, "/ops")
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL + "/ops/"
}

// caller is a program of another firm's: it has the contract and a token.
type caller struct {
	t        *testing.T
	name     string
	c        *client.ClientWithResponses
	customer string
	page     string // the context it opened
	keys     int
}

func call(t *testing.T, url, token string) *caller {
	t.Helper()
	c, err := client.NewClientWithResponses(url, client.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+token)
		return nil
	}))
	require.NoError(t, err)
	return &caller{t: t, name: token, c: c}
}

func (c *caller) key() string {
	c.keys++
	return fmt.Sprintf("%s-%d", c.name, c.keys)
}

// enter opens the context of a customer.
func (c *caller) enter(customer string) {
	c.t.Helper()
	r, err := c.c.OpenContextWithResponse(c.t.Context(), customer, client.NewContext{Reason: new("call 4711")})
	require.NoError(c.t, err)
	require.NotNil(c.t, r.JSON201, string(r.Body))
	c.customer, c.page = customer, r.JSON201.Context
}

// etag is what a change of an operation names.
func etag(o client.Operation) string { return fmt.Sprintf(`"%d"`, o.Version) }

func TestAClientMadeOfTheContractAloneDoesTheMainFlow(t *testing.T) {
	t.Parallel()
	ctx, url := t.Context(), serve(t)
	ana, bia := call(t, url, "ana"), call(t, url, "bia")

	opened, err := ana.c.OpenCustomerWithResponse(ctx, &client.OpenCustomerParams{IdempotencyKey: ana.key()}, client.NewCustomer{Name: "Maria"})
	require.NoError(t, err)
	require.NotNil(t, opened.JSON201, string(opened.Body))
	ana.enter(opened.JSON201.Id)
	bia.enter(opened.JSON201.Id)
	maria := ana.customer
	account, err := ana.c.OpenAccountWithResponse(ctx, maria, &client.OpenAccountParams{OnbehalfContext: ana.page, IdempotencyKey: ana.key()}, client.NewAccount{Currency: "BRL", Details: &client.Details{PixKey: new("maria@example.com")}})
	require.NoError(t, err)
	require.NotNil(t, account.JSON201, string(account.Body))
	brl := account.JSON201.Account

	// Terms, then the operation by exactly those.
	deposit := client.OperationRequest{Kind: "deposit", To: brl, Amount: "5000.00"}
	plan, err := ana.c.ExplainOperationWithResponse(ctx, maria, &client.ExplainOperationParams{OnbehalfContext: ana.page}, deposit)
	require.NoError(t, err)
	require.NotNil(t, plan.JSON200, string(plan.Body))
	require.Nil(t, plan.JSON200.Unmet)
	prepared, err := ana.c.PrepareOperationWithResponse(ctx, maria, &client.PrepareOperationParams{OnbehalfContext: ana.page, IdempotencyKey: ana.key()}, deposit)
	require.NoError(t, err)
	require.NotNil(t, prepared.JSON201, string(prepared.Body))
	first := prepared.JSON201.Operation
	execute := &client.ExecuteOperationParams{OnbehalfContext: ana.page, IdempotencyKey: ana.key(), IfMatch: etag(first)}
	for _, replayed := range []bool{false, true} {
		done, err := ana.c.ExecuteOperationWithResponse(ctx, maria, first.Id, execute)
		require.NoError(t, err)
		require.NotNil(t, done.JSON200, string(done.Body))
		require.Equal(t, client.State("completed"), done.JSON200.Operation.State)
		require.Equal(t, replayed, done.JSON200.Replayed)
	}

	// What waits for approval is modified, and approved by another.
	withdraw := func(amount string) client.Operation {
		t.Helper()
		r, err := ana.c.SubmitOperationWithResponse(ctx, maria, &client.SubmitOperationParams{OnbehalfContext: ana.page, IdempotencyKey: ana.key()}, client.OperationRequest{Kind: "withdrawal", From: brl, Amount: amount})
		require.NoError(t, err)
		require.NotNil(t, r.JSON201, string(r.Body))
		require.Equal(t, client.State("awaiting_approval"), r.JSON201.Operation.State)
		return r.JSON201.Operation
	}
	second := withdraw("1000.00")
	modified, err := ana.c.ModifyOperationWithResponse(ctx, maria, second.Id, &client.ModifyOperationParams{OnbehalfContext: ana.page, IdempotencyKey: ana.key(), IfMatch: etag(second)}, client.Modification{Amount: new("1100.00")})
	require.NoError(t, err)
	require.NotNil(t, modified.JSON200, string(modified.Body))
	approve := func(by *caller, o client.Operation) *client.ApproveOperationResponse {
		t.Helper()
		r, err := by.c.ApproveOperationWithResponse(ctx, maria, o.Id, &client.ApproveOperationParams{OnbehalfContext: by.page, IdempotencyKey: by.key(), IfMatch: etag(o)})
		require.NoError(t, err)
		return r
	}
	stale := approve(bia, second)
	require.Equal(t, http.StatusPreconditionFailed, stale.StatusCode(), string(stale.Body))
	require.Equal(t, client.ProblemCode("stale_version"), stale.ApplicationproblemJSONDefault.Code)
	own := approve(ana, modified.JSON200.Operation)
	require.Equal(t, http.StatusUnprocessableEntity, own.StatusCode(), string(own.Body))
	require.Equal(t, "own_operation", own.ApplicationproblemJSONDefault.Errors[0].Code)
	approved := approve(bia, modified.JSON200.Operation)
	require.NotNil(t, approved.JSON200, string(approved.Body))
	require.Equal(t, client.State("completed"), approved.JSON200.Operation.State)

	third := withdraw("1200.00")
	cancelled, err := ana.c.CancelOperationWithResponse(ctx, maria, third.Id, &client.CancelOperationParams{OnbehalfContext: ana.page, IdempotencyKey: ana.key(), IfMatch: etag(third)})
	require.NoError(t, err)
	require.NotNil(t, cancelled.JSON200, string(cancelled.Body))
	require.Equal(t, client.State("cancelled"), cancelled.JSON200.Operation.State)

	refunded, err := ana.c.RefundOperationWithResponse(ctx, maria, first.Id, &client.RefundOperationParams{OnbehalfContext: ana.page, IdempotencyKey: ana.key()}, client.RefundRequest{Amount: "100.00", Purpose: "sent twice"})
	require.NoError(t, err)
	require.NotNil(t, refunded.JSON201, string(refunded.Body))
	story, err := ana.c.GetOperationWithResponse(ctx, maria, first.Id, &client.GetOperationParams{OnbehalfContext: ana.page})
	require.NoError(t, err)
	require.NotNil(t, story.JSON200, string(story.Body))
	require.Len(t, story.JSON200.Refunds, 1)

	// All of it in pages, in the export and on the account.
	var listed []string
	params := &client.ListOperationsParams{OnbehalfContext: ana.page, Limit: new(2)}
	for {
		page, err := ana.c.ListOperationsWithResponse(ctx, maria, params)
		require.NoError(t, err)
		require.NotNil(t, page.JSON200, string(page.Body))
		for _, item := range page.JSON200.Items {
			listed = append(listed, item.Operation.Id)
		}
		if params.Cursor = page.JSON200.NextCursor; params.Cursor == nil {
			break
		}
	}
	require.Equal(t, []string{refunded.JSON201.Operation.Id, third.Id, second.Id, first.Id}, listed)
	export, err := ana.c.ExportOperationsWithResponse(ctx, maria, &client.ExportOperationsParams{Context: &ana.page})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, export.StatusCode(), string(export.Body))
	for _, id := range listed {
		require.Contains(t, string(export.Body), id)
	}
	accounts, err := ana.c.ListAccountsWithResponse(ctx, maria, &client.ListAccountsParams{OnbehalfContext: ana.page})
	require.NoError(t, err)
	require.Equal(t, "3800", accounts.JSON200.Items[0].Available)
}
