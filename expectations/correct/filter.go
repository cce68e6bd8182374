package correct

import (
	"context"
	"path/filepath"
	"strings"
)

// Filter writes the changes of a plan for which keep is true as a plan of their own to path, and returns its header. What the plan refused it says too.
func Filter(ctx context.Context, p *Plan, path string, keep func(*Change) (bool, error)) (*Header, error) {
	h := p.Header
	h.ID, h.File = "", moved(h.File, filepath.Dir(p.Path), filepath.Dir(path))
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

// moved is a file that was named from one folder as it is named from another; as it was where that cannot be said.
func moved(file, from, to string) string {
	if file == "" || filepath.IsAbs(filepath.FromSlash(file)) {
		return file
	}
	abs, err := filepath.Abs(filepath.Join(from, filepath.FromSlash(file)))
	if err != nil {
		return file
	}
	if to, err = filepath.Abs(to); err != nil {
		return file
	}
	rel, err := filepath.Rel(to, abs)
	if err != nil {
		return filepath.ToSlash(abs)
	}
	return filepath.ToSlash(rel)
}

// undoPath: plan.jsonl -> plan.undo.jsonl.
func undoPath(path string) string {
	ext := filepath.Ext(path)
	return strings.TrimSuffix(path, ext) + ".undo" + ext
}
