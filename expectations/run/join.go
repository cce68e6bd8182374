package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
)

// joinOutcome is what was learnt of one joined expectation.
type joinOutcome struct {
	tally                      result.Counts // of the rows that have their partners
	orphans, keyErrs, nullKeys int64
	byAlias                    []int64
	method                     plan.JoinMethod
	reasons                    []string
	failing, lonely            []result.Failure // by what they hold, and orphans
	items                      int
}

// joinRun runs one job.
type joinRun struct {
	r       *runner
	job     *plan.JoinJob
	method  plan.JoinMethod
	reasons []string
	sources map[string]connectors.Source // by connection: a snapshot where there are any
	found   map[*plan.Item]*joinOutcome
	sent    int // statements
	drawn   *drawn
}

// join runs the joined expectations of a job.
func (r *runner) join(ctx context.Context, job *plan.JoinJob) {
	x := &joinRun{r: r, job: job, method: job.Method, sources: map[string]connectors.Source{}, found: map[*plan.Item]*joinOutcome{}}
	began := time.Now()
	err := x.run(ctx)
	x.noteDrawn()
	ms := time.Since(began).Milliseconds()
	for _, it := range job.Items {
		j := x.found[it]
		r.note(it, func(n *numbers) {
			n.ms, n.statements = ms, x.sent
			switch {
			case n.err != nil:
			case err != nil:
				n.err = err
			case j != nil:
				j.method, j.items = x.method, len(job.Items)
				j.reasons = x.reasons
				n.joined, n.drawn = j, x.drawn
			default:
				n.err = connectors.Own("the join gave no numbers")
			}
		})
	}
}

// run takes one slot and one snapshot of every connection, so that jobs within one connection need no more than it allows, and all
// who wait for several wait in the same order.
func (x *joinRun) run(ctx context.Context) error {
	names := []string{x.job.Left.Spec.Connection}
	for _, p := range x.job.Partners {
		names = append(names, p.Spec.Connection)
	}
	slices.Sort(names)
	var undo []func()
	defer func() {
		for _, f := range slices.Backward(undo) {
			f()
		}
	}()
	for _, name := range slices.Compact(names) {
		c := x.r.conns[name]
		if err := c.acquire(ctx); err != nil {
			return err
		}
		undo = append(undo, c.release)
		x.sources[name] = c.source
		if s, ok := c.source.(connectors.Snapshotter); ok {
			snap, err := s.Snapshot(ctx)
			if err != nil {
				return x.failure(x.firstOf(name), err)
			}
			undo = append(undo, func() { _ = snap.Close() }) // read-only: nothing is lost by a failing close
			x.sources[name] = snap
		}
	}
	for _, p := range x.job.Checks {
		if err := x.unique(ctx, p); err != nil {
			return err
		}
		if len(x.job.Checks) == 0 {
			break // planned elsewhere after all: it shows while partners are read
		}
	}
	x.reasons = x.job.Reasons
	if x.method == plan.JoinServer {
		return x.server(ctx)
	}
	return x.here(ctx)
}

// side is a dataset of the job.
func (x *joinRun) left() connectors.Source { return x.sources[x.job.Left.Spec.Connection] }

func (x *joinRun) partner(p *plan.Partner) connectors.Source { return x.sources[p.Spec.Connection] }

// firstOf is a dataset of the job on that connection: -1 for the rows, else the position of the partner.
func (x *joinRun) firstOf(conn string) int {
	if x.job.Left.Spec.Connection == conn {
		return -1
	}
	return slices.IndexFunc(x.job.Partners, func(p *plan.Partner) bool { return p.Spec.Connection == conn })
}

// failure says which dataset failed, in the words of a reader of the suite.
func (x *joinRun) failure(partner int, err error) error {
	ds := x.job.Left.Spec
	if partner >= 0 {
		ds = x.job.Partners[partner].Spec
	}
	return x.r.failure("dataset "+ds.Name, ds, x.r.conns[ds.Connection], err, true)
}

func (x *joinRun) progress(rows int64) {
	x.r.progress(Event{Dataset: x.job.Items[0].ID, Step: "join", Rows: rows, Total: x.job.Left.Relation.Schema.Rows})
}

// unique has the partner's source show that no two rows have one key.
func (x *joinRun) unique(ctx context.Context, p *plan.Partner) error {
	at := slices.Index(x.job.Partners, p)
	src := x.partner(p)
	checker, ok := src.(connectors.SetChecker)
	if !ok {
		return connectors.Own(p.Spec.Name + ": the snapshot does not take set-level checks")
	}
	x.sent++
	res, err := checker.CheckSet(ctx, p.Check)
	if inexact, ok := errors.AsType[*connectors.InexactError](err); ok {
		x.job.Elsewhere(inexact.Reason)
		x.method = x.job.Method
		return nil
	}
	if err != nil {
		return x.failure(at, err)
	}
	if res.False == 0 {
		return nil
	}
	var example []value.Value
	x.sent++
	rows, err := src.Select(ctx, query.Select{From: p.Check.From, Columns: p.Check.Columns, Branches: []query.Branch{{Set: p.Check, Limit: 1}}})
	if err == nil {
		if b, err := rows.Next(ctx); err == nil && b != nil && b.N > 0 {
			example = b.Row(0)
		}
		_ = rows.Close() // the row wanted was read, or is missed in a message only
	}
	return notUnique(p, example)
}

// notUniqueError is a key that several rows of the partner have: whose values an expectation means is not known.
type notUniqueError struct{ partner, alias, which string }

func notUnique(p *plan.Partner, example []value.Value) error {
	e := &notUniqueError{partner: p.Spec.Name, alias: p.Alias}
	if len(example) == len(p.Keys) {
		e.which = ": " + keyText(p, example)
	}
	return e
}

// Error implements error.
func (e *notUniqueError) Error() string {
	return fmt.Sprintf("%s is not unique as partner %s: several rows of %s have one key%s; a row has one partner at most", e.partner, e.alias, e.partner, e.which)
}

// WithoutValues is the error without the key.
func (e *notUniqueError) WithoutValues() string {
	return (&notUniqueError{partner: e.partner, alias: e.alias}).Error()
}

// keyText writes a partner's key: id = 7.
func keyText(p *plan.Partner, cells []value.Value) string {
	parts := make([]string, len(cells))
	for i, v := range cells {
		text := v.Text()
		if v.Kind() == value.String {
			text = fmt.Sprintf("%q", text)
		}
		parts[i] = p.Keys[i].Right.Col.Name + " = " + text
	}
	return strings.Join(parts, ", ")
}

// take stores the counts of the job's measures.
func (x *joinRun) take(slots []plan.JoinSlot, measures []query.Measure, b *value.Batch) {
	outs := split(b, 0, measures)
	for i, s := range slots {
		out := outs[i][0]
		if s.Item == nil {
			continue
		}
		j := x.found[s.Item]
		if j == nil {
			j = &joinOutcome{byAlias: make([]int64, len(x.job.Partners))}
			x.found[s.Item] = j
		}
		switch s.Number {
		case plan.JoinTally:
			j.tally = tallyCounts(out)
		case plan.JoinOrphans:
			j.orphans = out[0].Int()
		case plan.JoinKeyErrs:
			j.keyErrs = out[0].Int()
		case plan.JoinNullKeys:
			j.nullKeys = out[0].Int()
		case plan.JoinByAlias:
			j.byAlias[s.Alias] = out[0].Int()
		case plan.JoinRows:
		}
	}
}

// counted notes how many rows a dataset has.
func (x *joinRun) counted(dataset string, n int64) {
	if x.job.Sample != nil && dataset == x.job.Left.Spec.Name {
		return // see noteDrawn
	}
	x.r.mu.Lock()
	defer x.r.mu.Unlock()
	if _, known := x.r.rows[dataset]; !known {
		x.r.rows[dataset] = n
	}
}
