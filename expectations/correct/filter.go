package correct

import (
	"context"
	"path/filepath"
	"strings"
)

// Filter writes the changes of a plan for which keep is true as a plan of their own to path, and returns its header. What the plan refused it says too.
func Filter(ctx context.Context, p *Plan, path string, keep func(*Change) (bool, error)) (*Header, error) {
	h := p.Header
	h.ID = ""
	w, err := Create(path, h)
	if err != nil {
		return nil, err
	}
	defer w.Abort()
	for _, r := range p.Header.Refused {
		w.Refuse(r.Expectation, r.Reason, r.Rows)
	}
	err = p.Changes(ctx, func(c *Change) error {
		ok, err := keep(c)
		if err != nil || !ok {
			return err
		}
		return w.Add(c)
	})
	if err != nil {
		return nil, err
	}
	return w.Finish()
}

// undoPath: plan.jsonl -> plan.undo.jsonl.
func undoPath(path string) string {
	ext := filepath.Ext(path)
	return strings.TrimSuffix(path, ext) + ".undo" + ext
}
