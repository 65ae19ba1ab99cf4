package tenancy

import (
	"errors"
	"slices"
	"time"
)

// The codes of the rules that this package checks.
const (
	// CodeScopeRequired means that the zero scope was given.
	CodeScopeRequired string = "scope_required"
	// CodeScopeExpired means that the scope is older than the policy allows.
	CodeScopeExpired string = "scope_expired"
	// CodeScopeForeign means that another gate made the scope.
	CodeScopeForeign string = "scope_foreign"
	// CodeGrantMissing means that no live grant for this book is left.
	CodeGrantMissing string = "grant_missing"
	// CodePermissionMissing means that a live grant is left, but the scope and
	// the live grants together do not give this permission.
	CodePermissionMissing string = "permission_missing"
	// CodeOperatorSuspended means that the operator may not act at present.
	CodeOperatorSuspended string = "operator_suspended"
	// CodePersonMismatch means that the operator is registered for another
	// person than the one who opened the scope.
	CodePersonMismatch string = "person_mismatch"
	// CodeOwnAccount means that someone in the actor chain is the customer.
	CodeOwnAccount string = "own_account"
	// CodeReasonRequired means that the policy asks for a reason to enter.
	CodeReasonRequired string = "reason_required"
)

// Codes returns all codes of this package.
func Codes() []string {
	return []string{
		CodeScopeRequired, CodeScopeExpired, CodeScopeForeign,
		CodeGrantMissing, CodePermissionMissing, CodeOperatorSuspended,
		CodePersonMismatch, CodeOwnAccount, CodeReasonRequired,
	}
}

// IsAccess reports whether err is a refusal because there is no access at all:
// it holds one of [Codes] other than [CodePermissionMissing]. Such an attempt
// goes to the access log and never to the book, so that somebody who lost his
// access cannot write there.
func IsAccess(err error) bool {
	var refused *RefusedError
	if !errors.As(err, &refused) {
		return false
	}
	codes := Codes()
	return slices.ContainsFunc(refused.Unmet, func(u Unmet) bool {
		return u.Code != CodePermissionMissing && slices.Contains(codes, u.Code)
	})
}

func scopeRequired() error {
	return Refuse(Unmet{
		Code: CodeScopeRequired, Subject: "scope",
		Remedy: "Open a scope at the gate first.",
	})
}

func scopeForeign() error {
	return Refuse(Unmet{
		Code: CodeScopeForeign, Subject: "scope",
		Remedy: "Use a scope opened at this engine's own gate.",
	})
}

func scopeExpired(expires, now time.Time) error {
	return Refuse(Unmet{
		Code: CodeScopeExpired, Subject: "scope",
		Figures: []Figure{
			{Name: "expires", Value: expires.UTC().Format(time.RFC3339Nano)},
			{Name: "now", Value: now.UTC().Format(time.RFC3339Nano)},
		},
		Remedy: "Enter again.",
	})
}

func grantMissing() error {
	return Refuse(Unmet{
		Code: CodeGrantMissing, Subject: "operator",
		Remedy: "Ask for a new grant.",
	})
}

func permissionMissing(need Permission, granted bool) error {
	remedy := "Ask for a grant that gives this permission."
	if granted {
		remedy = "Enter again: the permission was granted after this scope was opened."
	}
	return Refuse(Unmet{
		Code: CodePermissionMissing, Subject: "permission:" + need.String(),
		Remedy: remedy,
	})
}

func operatorSuspended() error {
	return Refuse(Unmet{
		Code: CodeOperatorSuspended, Subject: "operator",
		Remedy: "Have an administrator reinstate the operator.",
	})
}

func personMismatch() error {
	return Refuse(Unmet{
		Code: CodePersonMismatch, Subject: "operator",
		Remedy: "Sign in as the person this operator is registered for.",
	})
}

func ownAccount() error {
	return Refuse(Unmet{
		Code: CodeOwnAccount, Subject: "customer",
		Remedy: "Have another person act for this customer.",
	})
}

func reasonRequired() error {
	return Refuse(Unmet{
		Code: CodeReasonRequired, Subject: "reason",
		Remedy: "Say why this customer's account is entered.",
	})
}
