package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/assay-dev/assay/expectations/correct"
	"github.com/assay-dev/assay/expectations/diag"
)

func (a *app) planAudit() *cobra.Command {
	state := ""
	cmd := &cobra.Command{
		Use:   "audit [FILE]",
		Short: "Hold the audit log to its chain of digests",
		Long: `Reads the log of who changed what (audit.jsonl in the state directory, unless another file is named) and holds it to its chain of digests: a line that was changed,
taken out or put in is named. Exit codes: 0 it is whole, 1 it is not, 3 it cannot be read.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			path := filepath.Join(stateDir(state, nil), auditName)
			if len(args) == 1 {
				path = args[0]
			}
			n, err := correct.CheckAudit(path)
			if broken, ok := errors.AsType[*correct.AuditError](err); ok {
				a.note("assay: %v", broken)
				a.code = exitFailed
				return nil
			}
			if err != nil {
				return &worldError{err}
			}
			if _, err := fmt.Fprintf(a.stdout, "%s: %s, and the chain of digests is whole\n", path, diag.Plural(n, "line")); err != nil {
				return &worldError{err}
			}
			return nil
		},
	}
	registerState(cmd, &state)
	return cmd
}
