"""Who calls, and what they may do: keys, passwords, sessions, roles, the audit log."""
