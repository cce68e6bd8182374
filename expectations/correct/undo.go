package correct

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/assay-dev/assay/connectors"
)

// Undo takes back what applying the bound plan changed, where the rows are still as that left them. What changed since is stale and left. It goes on where a
// killed one stopped; of a plan that was undone it finds nothing to do.
//
// What it does is a plan too, of kind undo: it is written to UndoPath, and applied. Options.Risks do not choose.
func Undo(ctx context.Context, p *Plan, o Options) (Report, error) {
	o.Risks = nil
	if p.Header.Kind != KindFix {
		return Report{}, &PlanError{Path: p.Path, Line: 1, Text: "it is an undo plan", Hint: "name the plan that is to be undone"}
	}
	if p.bound == nil {
		return Report{}, fmt.Errorf("plan %s: it is not bound to where it is to be applied", p.Path)
	}
	began := time.Now()
	if _, err := os.Stat(JournalPath(p.Path)); errors.Is(err, os.ErrNotExist) {
		r := newReport(p, &o)
		r.Kind = KindUndo
		return r, nil
	}
	e, err := newEngine(p, &Options{Audit: o.Audit, Who: o.Who, Host: o.Host, Mask: o.Mask, Now: o.Now})
	if err != nil {
		return Report{}, err
	}
	// Nobody may apply it meanwhile.
	if e.j, err = openJournal(JournalPath(p.Path), p); err != nil {
		return Report{}, err
	}
	defer e.close()
	u, err := e.undoPlan(ctx, &o)
	if err != nil {
		return Report{}, err
	}
	defer func() { _ = u.Close() }() // it was read only
	var rep Report
	if o.DryRun {
		rep, err = Verify(ctx, u, o)
	} else {
		rep, err = apply(ctx, u, &o)
	}
	rep.Took = time.Since(began)
	rep.Undo = u.Path
	return rep, err
}

// undoPlan opens the plan that undoes what was applied: the one that was begun to be applied, or a new one.
func (e *engine) undoPlan(ctx context.Context, o *Options) (*Plan, error) {
	path := undoPath(e.p.Path)
	if begun, err := undoBegun(path); begun != nil || err != nil {
		if err != nil {
			return nil, err
		}
		u, err := Open(path)
		if err == nil && u.Header.Sum != begun.plan {
			_ = u.Close()
			err = &PlanError{Path: path, Line: 1, Text: "it is not the undo plan that was begun"}
		}
		if err != nil {
			return nil, err
		}
		u.bound = e.p.bound
		return u, nil
	}
	if len(e.j.st.open) > 0 && !o.DryRun {
		if err := e.clear(ctx); err != nil {
			return nil, err
		}
	}
	if o.DryRun {
		dry, err := os.CreateTemp("", "assay-undo-*.jsonl")
		if err != nil {
			return nil, err
		}
		path = dry.Name()
		defer func() { _ = os.Remove(path) }() // Plan keeps it open
		_ = dry.Close()
	}
	if err := e.writeUndo(ctx, path, true); err != nil {
		return nil, err
	}
	u, err := Open(path)
	if err != nil {
		return nil, err
	}
	u.bound = e.p.bound
	return u, nil
}

// clear finds out what became of the batches that a killed apply left open.
func (e *engine) clear(ctx context.Context) (err error) {
	if err := e.open(ctx); err != nil {
		return err
	}
	if e.a, err = openAudit(&e.o, e.p); err != nil {
		return err
	}
	if err := e.resolveAll(ctx); err != nil {
		return err
	}
	// Where rows stand in the journal is known anew.
	if err := e.j.flush(true); err != nil {
		return err
	}
	return e.j.read(e.p)
}

// begunUndo is what the journal of an undo plan says.
type begunUndo struct {
	plan  string // digest
	ended bool
}

// undoBegun reads the journal of an undo plan; nil where it was not begun.
func undoBegun(path string) (*begunUndo, error) {
	f, err := os.Open(JournalPath(path))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was read only
	var b *begunUndo
	_, err = scanJournal(f, JournalPath(path), math.MaxInt64, func(r *record, _ int64) bool {
		if r.kind == "run" {
			b = &begunUndo{plan: r.run.plan}
		}
		if b != nil {
			b.ended = r.kind == "end"
		}
		return b != nil
	})
	return b, err
}

// manyChanges are so many that writing their undo plan takes a second or so.
const manyChanges = 100_000

// undoBody writes the undo plan of all that may be applied, as it will be if everything happens as planned, before anything does: for people to read, since what
// is to be taken back is in the plan, and what really happened the journal tells when it is undone. Where it is long it is written beside the work, and its end can be waited for.
func (e *engine) undoBody(ctx context.Context) (written chan error, err error) {
	path := undoPath(e.p.Path)
	e.rep.Undo, written = path, make(chan error, 1)
	if e.j.st.run > 0 {
		if _, err := os.Stat(path); err == nil {
			written <- nil
			return written, nil
		}
	}
	// What a killed one left.
	parts, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".*"))
	for _, p := range parts {
		_ = os.Remove(p)
	}
	if e.rep.Selected < manyChanges {
		err := e.writeUndo(ctx, path, false)
		written <- nil
		return written, err
	}
	go func() { written <- e.writeUndo(ctx, path, false) }()
	return written, nil
}

// writeUndo writes the undo plan: of what the journal says was applied where exact is true.
func (e *engine) writeUndo(ctx context.Context, path string, exact bool) error {
	h := e.p.Header
	h.ID, h.Kind, h.Of, h.Created = "", KindUndo, e.p.Header.Sum, e.o.now()
	w, err := Create(path, h)
	if err != nil {
		return err
	}
	defer w.Abort()
	w.unique = true // as the plan is
	inv := inverter{e: e, exact: exact}
	err = e.p.beside(ctx, func(c *Change) bool { return c.Risk != Manual && (!exact || e.j.st.applied.has(c.N)) }, func(c *Change) error {
		u, why, err := inv.of(c)
		if err != nil {
			return err
		}
		if why != "" {
			w.Refuse(c.Expectation, why, 1)
			return nil
		}
		return w.Add(u)
	})
	if err == nil {
		_, err = w.Finish()
	}
	return err
}

// inverter turns changes round.
type inverter struct {
	e     *engine
	exact bool
}

// of returns the change that takes c back, or why there is none.
func (v *inverter) of(c *Change) (u *Change, why string, err error) {
	w := v.e.byName[c.Target]
	never := w.b.computed
	row, doc := c.After, c.Document
	if v.exact {
		if at, ok := v.e.j.st.rows.find(c.N); ok {
			var bad bool
			if row, bad, err = v.e.j.st.row(v.e.j.file, at, w.t); err != nil {
				return nil, "", err
			}
			if bad {
				return nil, "what the row holds since cannot be represented, and so not be guarded", nil
			}
		}
		if doc, err = v.doc(c, doc); err != nil {
			return nil, "", err
		}
	}
	u = &Change{Target: c.Target, Class: c.Class, Expectation: c.Expectation, Risk: c.Risk}
	u.Reason = "takes back change " + strconv.FormatInt(c.N, 10)
	u.Key = c.Key
	switch c.Action {
	case connectors.Insert:
		u.Action, u.Before, u.Document = connectors.Delete, row, doc
		if u.Risk == Low {
			u.Risk = Medium
		}
	case connectors.Update:
		u.Action, u.Before, u.After, u.Document = connectors.Update, row, slices.Clone(c.Before), doc
		changed := w.cmp.differ(row, c.Before, nil, nil)
		u.Set = slices.DeleteFunc(append(changed, c.Set...), func(i int) bool { return never[i] })
		slices.Sort(u.Set)
		u.Set = slices.Compact(u.Set)
		u.restore(c)
		u.overlay() // what the server computes is not written
		if len(u.Set) == 0 && u.Restore == nil {
			return nil, "it changed nothing but what the server computes", nil
		}
	case connectors.Delete:
		u.Action, u.After = connectors.Insert, c.Before
		u.Set = []int{}
		for i := range c.Before {
			if !never[i] {
				u.Set = append(u.Set, i)
			}
		}
		if c.Document != nil {
			u.Document = &connectors.Document{Index: c.Document.Index, ID: c.Document.ID, Routing: c.Document.Routing}
		}
		u.restore(c)
	}
	return u, "", nil
}

// restore wants a document back whole.
func (c *Change) restore(of *Change) {
	if of.Document != nil && of.Document.Source != nil {
		c.Restore = of.Document.Source
	}
}

// doc returns the version of the document that a change left behind.
func (v *inverter) doc(c *Change, planned *connectors.Document) (*connectors.Document, error) {
	at, ok := v.e.j.st.docs.find(c.N)
	if !ok {
		return planned, nil
	}
	return v.e.j.st.doc(v.e.j.file, at)
}

// afterUndo begins anew where the plan was undone, and refuses where that was begun only.
func (e *engine) afterUndo() error {
	path := undoPath(e.p.Path)
	st, err := undoBegun(path)
	if err != nil || st == nil {
		return err
	}
	if e.j.st.run > 0 && !st.ended {
		return &PlanError{Path: e.p.Path, Text: "its undo was begun and has not ended", Hint: "finish that with assay undo"}
	}
	// The journal goes first: without it this is done again when it is interrupted.
	for n := 1; ; n++ {
		suffix := "." + strconv.Itoa(n)
		if _, err := os.Stat(e.j.path + suffix); err == nil {
			if _, err := os.Stat(JournalPath(path) + suffix); err == nil {
				continue
			}
		}
		if e.j.st.run > 0 {
			if err := os.Rename(e.j.path, e.j.path+suffix); err != nil {
				return err
			}
		}
		err := errors.Join(ifThere(os.Rename(path, path+suffix)), os.Rename(JournalPath(path), JournalPath(path)+suffix))
		if err != nil {
			return err
		}
		_ = e.j.close()
		e.j, err = openJournal(JournalPath(e.p.Path), e.p)
		return err
	}
}

func ifThere(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
