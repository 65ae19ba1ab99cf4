package main

import (
	"context"
	"fmt"
)

// The host keeps its sessions in a table of its own beside the engine's, so that
// a restart signs nobody out. A real host would keep digests of tokens, and end
// them in time.

// keepSessions makes the table.
func (f *firm) keepSessions(ctx context.Context) error {
	if _, err := f.db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS dashboard_sessions (token TEXT PRIMARY KEY, operator TEXT NOT NULL)`); err != nil {
		return fmt.Errorf("sessions: %w", err)
	}
	return nil
}

func (f *firm) sessions(ctx context.Context) (map[string]string, error) {
	rows, err := f.db.QueryContext(ctx, `SELECT token, operator FROM dashboard_sessions`)
	if err != nil {
		return nil, fmt.Errorf("sessions: %w", err)
	}
	defer rows.Close() //nolint:errcheck // Err tells
	all := map[string]string{}
	for rows.Next() {
		var token, operator string
		if err := rows.Scan(&token, &operator); err != nil {
			return nil, fmt.Errorf("sessions: %w", err)
		}
		all[token] = operator
	}
	return all, rows.Err()
}

func (f *firm) remember(ctx context.Context, token, operator string) error {
	_, err := f.db.ExecContext(ctx, `INSERT INTO dashboard_sessions (token, operator) VALUES ($1, $2)`, token, operator)
	return err
}

func (f *firm) forget(ctx context.Context, token string) error {
	_, err := f.db.ExecContext(ctx, `DELETE FROM dashboard_sessions WHERE token = $1`, token)
	return err
}
